import { randomBytes } from 'node:crypto'
import { type Refusal, type Store, StoreUnavailableError } from '@countersign/store'
import { systemClock } from '@countersign/verifier/engine'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startAt, startWorld, type World } from '../server.fixture.ts'
import { createUsage, roomFor } from './usage.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

function create(countUsage: Store['countUsage'] = world.store.countUsage) {
  const overflowed: number[] = []
  const metrics = { ...world.server.services.metrics, usage: (_: string, count: number) => void overflowed.push(count) }
  const { log } = world.server.services
  const clock = systemClock(() => startAt)
  return {
    overflowed,
    usage: createUsage({
      store: { ...world.store, countUsage },
      clock,
      log,
      metrics,
      flushMs: 3_600_000,
      randomBytes,
      lastUsedFrom: (address) => address,
    }),
  }
}

async function counted(credentialId: string, tenant = 'default'): Promise<number> {
  const span = {
    from: startAt - 86_400,
    to: startAt + 86_400,
    intervalSeconds: 86_400,
    groupBy: ['outcome'],
    limit: 10,
  } as const
  const series = await world.store.read.usage.series(tenant, { ...span, credentialId })
  return series.reduce((sum, { count }) => sum + count, 0)
}

it('a write that was committed and not acknowledged is written again, and counts once', async () => {
  let isLost = true
  const { usage } = create(async (batch) => {
    const isNew = await world.store.countUsage(batch)
    if (isLost) throw new StoreUnavailableError('timeout', undefined)
    return isNew
  })
  usage.counterOf('default').count(startAt, 'lost', 'c', [[]], 'verified')
  await expect(usage.flush()).rejects.toThrow('too slow')
  expect(await counted('lost')).toBe(1)
  isLost = false
  await usage.flush()
  expect(await counted('lost')).toBe(1)
})

it('one tenant that makes up texts leaves room for the others, and each keeps its own counts', async () => {
  const { usage, overflowed } = create()
  const [one, other] = [usage.counterOf('default'), usage.counterOf('acme')]
  for (let index = 0; index < 50_000; index++) one.count(startAt, `k${index}`, 'c', [[]], 'verified')
  other.count(startAt, 'of acme', 'c', [[]], 'verified')
  await usage.flush()
  expect(overflowed).toEqual([40_000])
  expect([await counted('of acme', 'acme'), await counted('of acme')]).toEqual([1, 0])
  expect([await counted('k9999'), await counted('k10000'), await counted('')]).toEqual([1, 0, 40_000])
  other.count(startAt, 'room again', 'c', [[]], 'verified')
  await usage.close()
  expect(await counted('room again', 'acme')).toBe(1)
})

it.each([
  ['as many as were written in half the time', 5_000, 120, 10_000, 2_500],
  ['never fewer than the least', 5_000, 4_000, 10_000, 1_000],
  ['never more than the most', 5_000, 1, 3_000, 10_000],
  ['as before when few were written', 999, 500, 10_000, 10_000],
])('rows that are told apart: %s', (_name, rows, tookMs, before, after) => {
  expect(roomFor(rows, tookMs, before)).toBe(after)
})

it('tenants share the examples of a report: one that has many, or counts alone, takes no place from another', async () => {
  let written: readonly Refusal[] = []
  const { usage } = create(async ({ refusals = [] }) => {
    written = refusals
    return true
  })
  const refuse = (tenant: string, times: number): void => {
    const counter = usage.counterOf(tenant)
    counter.count(startAt, 'k', 'c', [[]], 'expired')
    const of = { at: startAt, requestId: 'r', clientId: 'c', code: 'expired', missingScope: '', scope: '' }
    for (let each = 0; each < times; each++) counter.sample({ ...of, credentialId: `k${each}` })
  }
  const examplesOf = async (name: string): Promise<number> => {
    await usage.flush()
    return written.filter(({ tenant }) => tenant === name).length
  }
  for (let each = 0; each < 300; each++) usage.counterOf(`idle_${each}`).count(startAt, 'k', 'c', [[]], 'verified')
  refuse('loud', 300)
  expect(await examplesOf('loud')).toBe(20)
  for (let each = 0; each < 300; each++) refuse(`loud_${each}`, 2)
  refuse('quiet', 1)
  expect([await examplesOf('quiet'), written.length]).toEqual([1, 200])
})
