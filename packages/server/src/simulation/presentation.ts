/** Credentials are shown to those who verify, and the oracle is asked about every acceptance. */
import { audience, type ModelCredential } from './credentials.ts'
import type { Judge } from './judges.ts'
import type { World } from './world.ts'

/**
 * Show a verifier everything of its tenant, and one thing of another; the oracle is asked at the moment of
 * acceptance.
 */
export function present(world: World, judge: Judge): void {
  if (judge.clock.isSuspended) return
  const needed = world.random.pick(['a', 'b'])
  for (const credential of world.shown(judge)) void verify(world, judge, credential, needed)
  const foreign = world.credentials.filter(({ own }) => own.tenant !== judge.tenant && own.type !== 'client_token')
  void verify(world, judge, world.random.pick(foreign), needed)
}

export async function verify(world: World, judge: Judge, credential: ModelCredential, needed: string): Promise<string> {
  const question = {
    credential: credential.text,
    audience,
    requires: [[needed]],
    address: undefined,
    origin: undefined,
  }
  const { memory } = judge
  const answer = judge.engine?.verify(question) ?? ({ outcome: 'unavailable' } as const)
  const outcome = answer instanceof Promise ? await answer : answer
  if (outcome.outcome === 'unavailable') world.tally.unavailable++
  else if (outcome.outcome === 'rejected') world.tally.refused++
  else {
    world.tally.accepted++
    const { maxStalenessMs } = judge
    const breach =
      credential.own.tenant === judge.tenant
        ? world.oracle.findBreach(credential, needed, world.timeline.now, { maxStalenessMs, memory })
        : 'it is of another tenant'
    if (breach !== undefined) world.report(`${judge.name} accepted ${credential.name} for ${needed}: ${breach}`)
  }
  return outcome.outcome === 'rejected' ? outcome.rejection.code : outcome.outcome
}
