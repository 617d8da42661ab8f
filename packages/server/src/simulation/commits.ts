/** Commits of the database: the oracle hears of each, and tokens may be issued at its position. */
import type { ModelCredential } from './credentials.ts'
import { dropSecondsOf, placeOf, type State } from './database.ts'
import { dependenciesOf, saidIn } from './oracle.ts'
import { present } from './presentation.ts'
import { tenants } from './tenants.ts'
import type { World } from './world.ts'

/** States of the database that may come back. */
export const pastMax = 12

export function takeCommit(world: World, before: State, after: State): void {
  world.past.push(after)
  if (world.past.length > pastMax) world.past.shift()
  const changes = world.oracle.commit(world.objects, before, after)
  if (after.position !== before.position) world.lastEntryAtMs = world.timeline.now
  world.dropTime = Math.max(world.dropTime, dropSecondsOf(after))
  if (after.feed !== before.feed) {
    const known = new Set(before.feed)
    for (const entry of after.feed) if (!known.has(entry)) world.changes.set(entry.chain, changes)
  }
  for (const { tenant, minted } of tenants) mint(world, after, placeOf(after, tenant.id).sequence, minted)
  // Look-ups and limits under way while a change is told are where races are.
  if (changes.length > 0 && world.random.chance(0.5)) present(world, world.anyJudge())
}

/** A token is issued at this position, by a server that has applied it. */
function mint(world: World, state: State, position: number, minted: readonly ModelCredential[]): void {
  const credential = minted.find((each) => each.position === position)
  if (credential === undefined || world.credentials.includes(credential) || !world.random.chance(0.5)) return
  if (!dependenciesOf(credential).every((of) => (saidIn(state, of)?.status ?? 'active') === 'active')) return
  world.credentials.push(credential)
  world.objects.push(credential.own)
}
