import type { SubjectState } from '@countersign/core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startWorld, type World } from '../server.fixture.ts'
import { takeParty } from './taken.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

const cause = { actor: { kind: 'system' }, action: 'x', requestId: 'x' } as const

async function take(cutOff: number, everything?: number): Promise<boolean> {
  const cutOffs = everything === undefined ? {} : { cutOffs: { everything: { sequence: everything, at: 0 } } }
  const { value } = await world.store.write((it) =>
    takeParty({ it, now: world.now, cause }, 'default', { type: 'subject', id: 'ann' }, { cutOff, ...cutOffs }),
  )
  return value
}

async function said(): Promise<SubjectState | undefined> {
  return (await world.store.read.statusEntries.find('default', 'subject', 'ann'))?.state as SubjectState | undefined
}

it('a subject keeps its cut-off and the number that another epoch raised it to, and neither goes back', async () => {
  const minted = await world.mint({ subject: 'ann' })
  const position = (await world.store.feed.place('default')).sequence
  expect(await take(1, 1)).toBe(true)
  expect((await world.verify(minted.token)).active).toBe(true)
  // An epoch raised it: the token is of the history that was lost.
  expect(await take(position + 9, 1)).toBe(true)
  expect((await world.store.read.tokens.find('default', minted.jti))?.status).toBe('revoked')
  const raised = { cutOff: position + 9, cutOffs: { everything: { sequence: 1, at: 0 } } }
  expect(await said()).toMatchObject(raised)
  expect([await take(position + 9, 1), await take(2), await take(1, 1)]).toEqual([false, false, false])
  expect(await said()).toMatchObject(raised)
  // Compared with the recorded number, never with the raised one.
  expect(await take(2, 2)).toBe(true)
  expect(await said()).toMatchObject({ cutOff: position + 9, cutOffs: { everything: { sequence: 2 } } })
})
