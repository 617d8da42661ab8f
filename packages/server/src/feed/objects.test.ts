import { limits } from '@countersign/core'
import type { Token } from '@countersign/store'
import { expect, it } from 'vitest'
import { startAt, startWorld } from '../server.fixture.ts'
import { tokenObject } from './objects.ts'

const graceSeconds = limits.clockLeewaySeconds + limits.dropGraceSeconds

it('the entry of a token that was ended earlier is kept until its signed end', async () => {
  const world = await startWorld()
  const minted = await world.mint({ ttlSeconds: 3_600 })
  const expiresAt = new Date((startAt + 60) * 1000).toISOString()
  await world.ok('PATCH', `/v1/tokens/${minted.jti}`, { expiresAt })
  const { entries } = await world.store.feed.snapshot('default')
  expect(entries.find(({ id }) => id === minted.jti)).toMatchObject({
    state: { expiresAt: startAt + 60 },
    dropAt: startAt + 3_600 + graceSeconds,
  })
  // The drop time is past the end that was set and its grace: a server that begins now still refuses it.
  const { moves } = await world.store.dropTime.read()
  await world.store.dropTime.move(moves, { timeMs: (startAt + 60 + graceSeconds + 10) * 1000, boot: undefined })
  await world.store.cleanUp(startAt, 86_400)
  const second = await world.second()
  world.now = startAt + 61
  const body = { credential: minted.token, audience: 'https://orders.test' }
  const { active, code } = (await world.call('POST', '/v1/verify', { body, server: second })).body
  expect([active, code]).toEqual([false, 'expired'])
  await world.close()
})

it('of both formats', () => {
  const token = { jti: 'x', version: 2, status: 'active', issuedExpiresAt: 5_000, expiresAt: 100 } as Token
  for (const format of ['jwt', 'opaque'] as const)
    expect(tokenObject({ ...token, format }).dropAt).toBe(5_000 + graceSeconds)
})
