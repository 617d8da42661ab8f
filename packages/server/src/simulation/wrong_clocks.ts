/** Clocks that are hours or days off. */
import { askForChange } from './changes.ts'
import { startAt } from './credentials.ts'
import { present } from './presentation.ts'
import type { Random } from './timeline.ts'
import type { Clocks, World } from './world.ts'

export const dayMs = 86_400_000
const jumpMs = 7_200_000
const jumpLastsMs = 75_000

export function pickClocks(random: Random): Clocks {
  const chosen = random.next()
  if (chosen < 0.72) return 'right'
  if (chosen < 0.89) return 'jumps'
  return chosen < 0.98 ? 'drop ahead' : 'week'
}

/** A clock is set hours ahead or back, and right again. */
export function jump(world: World): void {
  if (world.isHealed) return
  const clock = world.random.pick([world.databaseClock, ...world.servers.map((server) => server.clock)])
  const byMs = world.random.pick([jumpMs, -jumpMs])
  clock.wallOffsetMs += byMs
  noteClocks(world)
  world.timeline.after(jumpLastsMs, () => {
    if (world.isHealed) return
    clock.wallOffsetMs -= byMs
    // The end of one jump may set the clock back during another.
    noteClocks(world)
  })
}

function noteClocks(world: World): void {
  const offsets = world.servers.map(({ clock }) => clock.wallOffsetMs - startAt * 1000)
  const behind = Math.ceil(Math.max(0, ...offsets.map((offsetMs) => -offsetMs)) / 1000)
  world.oracle.clocksBehindSeconds = Math.max(world.oracle.clocksBehindSeconds, behind)
}

/** Some of the clocks, or all, are a day ahead for a week; half a day passes between two rounds of clean-up. */
export async function passWeek(world: World, isGoing: () => boolean): Promise<void> {
  const { random } = world
  const clocks = new Set([world.databaseClock, ...world.servers.map((server) => server.clock)])
  const ahead = random.chance(0.6) ? [...clocks] : [random.pick([...clocks])]
  for (const clock of ahead) clock.wallOffsetMs += dayMs
  for (const { own } of world.credentials.filter(({ name }) => name === 'tok_week'))
    for (let count = 0; count < 2; count++)
      world.timeline.after(random.between(2_000, 8_000), () => askForChange(world, own))
  for (let count = random.between(5, 15); count > 0; count--)
    world.timeline.after(random.between(0, 8_000), () => askForChange(world))
  await world.timeline.runUntil(10_000, isGoing)
  for (let round = 0; round < 14 && isGoing(); round++) {
    world.timeline.skip(dayMs / 2)
    world.cleanUpAll()
    await world.timeline.runUntil(world.timeline.now + 3_000, isGoing)
    present(world, world.anyJudge())
  }
  for (const clock of ahead) clock.wallOffsetMs -= dayMs
}
