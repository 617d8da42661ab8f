import { afterAll, beforeAll, expect, it } from 'vitest'
import { consentObject, familyObject } from '../feed/objects.ts'
import { asking, codeFlow, codeFor, open } from '../people/code_flow.fixture.ts'
import { startWorld, type World } from '../server.fixture.ts'
import { mergeEntry } from './merge_entry.ts'
import type { Taking } from './taken.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
  await world.ok('PATCH', `/v1/apis/${world.apiId}`, { accountScope: 'orders:read' })
})
afterAll(() => world.close())

const { redeem, refresh, signedIn, webClient } = codeFlow(() => world)
const cause = { actor: { kind: 'system' }, action: 'restore.merge', requestId: 'restore' } as const

it('a consent and a family that have ended since the backup end in their rows too', async () => {
  const client = await webClient({ offlineAccess: true })
  const { answer, browser, id } = await signedIn(client, { scope: 'orders:read offline_access' })
  const [consent] = (await world.ok('GET', `/v1/consents?accountId=${id}`)).data
  const familyId = String(answer.refresh_token).split('_')[2] as string
  const { entries } = await world.store.write(async (it) => {
    const taking: Taking = { it, now: world.now, cause }
    const { master } = world.server.services
    for (const entry of [
      consentObject({ id: String(consent?.id), version: 2, status: 'revoked' }, world.now),
      familyObject({ id: familyId, version: 2, status: 'revoked' }, world.now),
    ]) {
      expect(await mergeEntry(taking, 'default', entry, master)).toBe(true)
    }
  })
  await world.server.services.books.settle(entries)
  expect((await world.ok('GET', `/v1/consents?accountId=${id}`)).data).toEqual([])
  expect((await world.store.read.families.find('default', familyId))?.status).toBe('revoked')
  expect((await refresh(client, answer.refresh_token)).body.error).toBe('invalid_grant')
  // Somebody is asked again, and what they give then is good.
  expect((await open(browser, asking(client))).status).toBe(200)
  const given = await redeem(client, await codeFor(browser, client))
  expect((await world.verify(String(given.body.access_token))).active).toBe(true)
})
