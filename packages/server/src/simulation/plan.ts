/** The events of a run, and their times. */
import { askForChange, issue } from './changes.ts'
import { issuedPosition, type ModelCredential, startAt } from './credentials.ts'
import { failOver, fault, restore, rollBack } from './faults.ts'
import { present } from './presentation.ts'
import type { World } from './world.ts'
import { jump } from './wrong_clocks.ts'

export function plan(world: World, durationMs: number): void {
  const { random } = world
  const steps = random.between(45, 90)
  for (let index = 0; index < steps; index++) {
    world.timeline.after(random.next() * durationMs, () => {
      const chosen = random.next()
      if (chosen < 0.68) present(world, world.anyJudge())
      else if (chosen < 0.86) askForChange(world)
      else fault(world, random.pick(world.machines))
    })
  }
  const sometime = (act: () => void): void => void world.timeline.after(random.next() * durationMs, act)
  if (world.isLong) planEnds(world, durationMs)
  for (let count = random.between(0, 4); count > 0; count--) sometime(() => world.cleanUp())
  if (world.clocks === 'drop ahead') planFloor(world, durationMs)
  if (world.clocks === 'jumps') for (let count = random.between(1, 3); count > 0; count--) sometime(() => jump(world))
  if (world.canFailOver && random.chance(0.5)) sometime(() => failOver(world))
  if (random.chance(0.2)) sometime(() => restore(world))
  for (let count = random.pick([0, 0, 0, 1, 1, 2]); count > 0; count--) sometime(() => rollBack(world))
  for (let count = random.between(0, 4); count > 0; count--) sometime(() => issue(world))
}

/**
 * A floor is written, tokens are issued above it, and they are changed and forgotten while the drop time is ahead.
 */
function planFloor(world: World, durationMs: number): void {
  const at = (part: number, act: () => void): void => void world.timeline.after(part * durationMs, act)
  const isMinted = ({ name, position = 0 }: ModelCredential): boolean =>
    name === `minted_${position}` && position > issuedPosition + 1
  at(0.1, () => world.cleanUpAll())
  at(0.2, () => world.cleanUpAll())
  for (const part of [0.25, 0.3, 0.35, 0.4]) at(part, () => askForChange(world))
  for (const part of [0.5, 0.6, 0.7]) {
    at(part, () => {
      for (const { own } of world.credentials.filter(isMinted)) if (world.random.chance(0.3)) askForChange(world, own)
    })
  }
  at(0.85, () => world.cleanUpAll())
}

/** Faults hide at edges: what ends within the run is changed before, and shown shortly before and after its end. */
function planEnds(world: World, durationMs: number): void {
  const { random } = world
  for (const { own, endsAt } of world.credentials) {
    const endMs = (endsAt - startAt) * 1000
    if (endMs > durationMs) {
      // Early enough for what was said of it to be forgotten within the run, if it were by the wrong end.
      if (own.type !== 'key') world.timeline.after(random.next() * 150_000, () => askForChange(world, own))
      continue
    }
    world.timeline.after(random.next() * endMs, () => askForChange(world, own))
    const cleanedAtMs = endMs - random.between(2_000, 9_000)
    world.timeline.after(cleanedAtMs, () => world.cleanUpAll())
    world.timeline.after(cleanedAtMs + 1_500, () => present(world, random.pick(world.serverJudges)))
    for (let index = 0; index < 4; index++) {
      world.timeline.after(endMs + random.between(-10_000, 2_000), () => {
        if (random.chance(0.5)) askForChange(world)
        present(world, world.anyJudge())
      })
    }
  }
}
