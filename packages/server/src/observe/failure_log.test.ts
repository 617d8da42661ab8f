import { StoreUnavailableError } from '@countersign/store'
import { expect, it, vi } from 'vitest'
import { serverLimits } from '../limits.ts'
import { startWorld } from '../server.fixture.ts'
import { limitFailures } from './failure_log.ts'
import { silentLog } from './log.ts'

const unreachable = () => new StoreUnavailableError('unreachable', new Error('refused'))

function start() {
  let now = 0
  const lines: { readonly fields: object; readonly message: string }[] = []
  const log = limitFailures({ ...silentLog, error: (fields, message) => lines.push({ fields, message }) }, () => now)
  return {
    log,
    lines,
    advance(ms: number) {
      now += ms
    },
  }
}

it('a database that is away has one line a second and message, and the next one says how many were left out', () => {
  const { log, lines, advance } = start()
  for (let request = 0; request < 500; request++)
    log.error({ requestId: `req_${request}`, error: unreachable() }, 'failed')
  log.error({ error: unreachable() }, 'the feed could not be read')
  log.error({ error: new StoreUnavailableError('timeout', undefined) }, 'failed')
  expect(lines.map(({ message }) => message)).toEqual(['failed', 'the feed could not be read', 'failed'])
  advance(1_000)
  log.error({ requestId: 'req_later', error: unreachable() }, 'failed')
  expect(lines.at(-1)?.fields).toMatchObject({ requestId: 'req_later', leftOut: 499 })
  advance(1_000)
  log.error({ requestId: 'req_last', error: unreachable() }, 'failed')
  expect(lines.at(-1)?.fields).not.toHaveProperty('leftOut')
})

it('a fault of ours has so many lines a second, and lines without an error all pass', () => {
  const { log, lines } = start()
  for (let request = 0; request < 500; request++) log.error({ error: new TypeError('ours') }, 'failed')
  expect(lines).toHaveLength(serverLimits.failureLinesPerSecond)
  for (let worker = 0; worker < 500; worker++) log.error({ worker }, 'a worker ended')
  expect(lines).toHaveLength(serverLimits.failureLinesPerSecond + 500)
})

it('fifty requests that a database fails in one second leave one line of it', async () => {
  vi.spyOn(performance, 'now').mockReturnValue(5_000)
  const world = await startWorld()
  try {
    const { store } = world.server.services
    Object.assign(store, { write: () => Promise.reject(unreachable()) })
    world.logged.length = 0
    for (let request = 0; request < 50; request++) {
      const reply = await world.call('POST', '/v1/apis', { body: { audience: `https://${request}.test`, name: 'x' } })
      expect(reply.status).toBe(503)
    }
    expect(world.logged.filter(({ message }) => message === 'request failed')).toHaveLength(1)
  } finally {
    vi.restoreAllMocks()
    await world.close()
  }
})
