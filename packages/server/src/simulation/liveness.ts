/** After faults have stopped, everybody is fresh, at the head, and answers the truth. */
import type { Dependency, ModelCredential } from './credentials.ts'
import { startAt } from './credentials.ts'
import { dropSecondsOf, placeOf } from './database.ts'
import type { Machine } from './judges.ts'
import { isTrue, nameOf, saidIn } from './oracle.ts'
import { verify } from './presentation.ts'
import type { World } from './world.ts'

/** Two servers may count a moment so differently, with the leeway and what a transaction takes. */
const clocksDifferMs = 20_000

/**
 * Time to be fresh, at the head, and, after a loss, to hand back what is owed: retries are up to a minute and a half
 * apart.
 */
export function healMs(world: World): number {
  const longest = Math.max(...world.machines.map(({ maxStalenessMs }) => maxStalenessMs))
  return Math.max(2 * longest, 15_000, world.hasGoneBack ? 100_000 : 0, world.clocks === 'drop ahead' ? 130_000 : 0)
}

/** When everybody must know of the last entry. */
export function quietAtMs(world: World): number {
  return world.lastEntryAtMs + Math.max(...world.machines.map(({ maxStalenessMs }) => maxStalenessMs), 10_000)
}

/** Everybody is fresh, at the head, and answers the truth. */
export async function checkLiveness(world: World): Promise<void> {
  const judges = [...world.machines, ...world.serverJudges]
  for (const machine of world.machines) {
    const problem = findLag(world, machine) ?? findLoss(world, machine)
    if (problem !== undefined) return world.report(`${machine.name} ${problem} though all faults have stopped`)
  }
  if (isDropTimeAhead(world)) return world.report('the drop time is ahead of all clocks')
  const ended = findEnded(world)
  if (ended !== undefined) return world.report(`${ended.name} has ended though nobody ended it`)
  const state = world.database.state
  const asked = judges.flatMap((judge) =>
    world.shown(judge).flatMap((credential) =>
      ['a', 'b'].map((needed) => ({
        judge,
        credential,
        needed,
        wasTrue: isTrue(credential, needed, world.timeline.now, { state, dropTime: world.dropTime }),
        code: verify(world, judge, credential, needed),
      })),
    ),
  )
  await world.timeline.runUntil(world.timeline.now + 15_000, () => world.finding === undefined)
  if (world.finding !== undefined) return
  for (const { judge, credential, needed, wasTrue, code } of asked) {
    const isNow = isTrue(credential, needed, world.timeline.now, { state, dropTime: world.dropTime })
    const said = await code
    if (isNow === undefined || isNow !== wasTrue || isNow === (said === 'verified')) continue
    // A cut-off that was raised by an epoch of a history that is lost as well.
    const client = nameOf({ tenant: credential.own.tenant, type: 'client', id: credential.clientId })
    if ((credential.position ?? Number.POSITIVE_INFINITY) < (judge.memory.cutOffs.get(client) ?? 0)) continue
    return world.report(`${judge.name} says ${said} of ${credential.name} for ${needed} long after the last change`)
  }
}

function findLag(world: World, { tenant, keeper }: Machine): string | undefined {
  const head = placeOf(world.database.state, tenant)
  const place = keeper.book?.place
  if (!keeper.isFresh()) return 'is not fresh'
  if (place?.epoch === head.epoch && place.sequence === head.sequence && place.chain === head.chain) return undefined
  return `is at ${place?.epoch} ${place?.sequence} and not at ${head.epoch} ${head.sequence}`
}

/** It counts what passes, and a hundredth more; jumping clocks do not move it. */
function isDropTimeAhead(world: World): boolean {
  const passedSeconds = world.timeline.now / 1000
  const isRight = world.clocks === 'right' || world.clocks === 'jumps'
  return isRight && world.dropTime > startAt + 1.01 * passedSeconds + 10
}

/**
 * A credential made after the database went back stays good: an older cut-off that is handed back does not end it.
 */
function findEnded(world: World): ModelCredential | undefined {
  if (world.clocks === 'jumps' || world.clocks === 'week') return undefined
  return world.credentials.find((credential) => {
    const { own, clientId } = credential
    const madeAtMs = world.madeAtMs.get(nameOf(own))
    if (madeAtMs === undefined || own.type !== 'key' || madeAtMs < world.wentBackAtMs) return false
    const client = nameOf({ tenant: own.tenant, type: 'client', id: clientId })
    const touchedAtMs = Math.max(world.touchedAtMs.get(client) ?? 0, world.touchedAtMs.get(nameOf(own)) ?? 0)
    // A transaction may have been under way for seconds.
    if (touchedAtMs > 0 && touchedAtMs + clocksDifferMs > madeAtMs) return false
    return saidIn(world.database.state, own)?.status === 'revoked'
  })
}

/** It ended so long ago that what was said of it is forgotten. */
function isDropped(world: World, object: Dependency): boolean {
  const credential = world.credentials.find(({ own }) => nameOf(own) === nameOf(object))
  return credential !== undefined && credential.endsAt <= dropSecondsOf(world.database.state)
}

/** A revocation that a verifier knew before the database went back is in force everywhere again. */
function findLoss(world: World, { tenant, keeper, memory }: Machine): string | undefined {
  const { book } = keeper
  const { state } = world.database
  const lost = world.objects.find((object) => {
    if (object.tenant !== tenant || book === undefined || isDropped(world, object)) return false
    if (book.isRevoked(object.type, object.id)) return saidIn(state, object)?.status !== 'revoked'
    const client = object.type === 'client' ? state.clients.get(`${tenant} ${object.id}`) : undefined
    return (['tokens', 'everything'] as const).some((what) => {
      const sequence = memory.recorded.get(`${nameOf(object)} ${what}`) ?? 0
      return client !== undefined && (client.cutOffs?.[what]?.sequence ?? 0) < sequence
    })
  })
  return lost && `knows of a revocation of ${nameOf(lost)} that the database does not`
}
