/** One run: a seed makes servers, verifiers, changes and faults; the oracle is asked about every acceptance. */
import { takeCommit } from './commits.ts'
import { startAt } from './credentials.ts'
import { heal } from './faults.ts'
import { createInstallation } from './installation.ts'
import { checkLiveness, healMs, quietAtMs } from './liveness.ts'
import { plan } from './plan.ts'
import { present } from './presentation.ts'
import type { Parts } from './process.ts'
import { allRules, type Rules } from './rules.ts'
import { createRandom } from './timeline.ts'
import { type Finding, type Tally, World } from './world.ts'
import { dayMs, passWeek, pickClocks } from './wrong_clocks.ts'

export async function run(
  seed: number,
  parts: Parts,
  rules: Rules = allRules,
  tally: Tally = { accepted: 0, refused: 0, unavailable: 0 },
): Promise<Finding | undefined> {
  const random = createRandom(seed)
  const clocks = pickClocks(random)
  const database = await createInstallation(parts, rules, startAt * 1000 + (clocks === 'drop ahead' ? dayMs : 0))
  const world = new World({ seed, parts, rules, tally, random, clocks, database })
  database.onChange((before, after) => takeCommit(world, before, after))
  return play(world)
}

async function play(world: World): Promise<Finding | undefined> {
  const { random, timeline } = world
  const isGoing = (): boolean => world.finding === undefined
  const durationMs = world.isLong ? random.between(500_000, 1_000_000) : random.between(15_000, 45_000)
  for (const server of world.servers) server.start()
  for (const machine of world.machines) void machine.keeper.start()
  if (world.clocks === 'week') await passWeek(world, isGoing)
  plan(world, durationMs)
  await timeline.runUntil(timeline.now + durationMs, isGoing)
  if (isGoing()) {
    heal(world)
    await timeline.runUntil(timeline.now + healMs(world), isGoing)
    // A token from a history that is lost proves it to a server that is shown it, and so an epoch may begin only now.
    for (const judge of [...world.machines, ...world.serverJudges]) present(world, judge)
    await timeline.runUntil(timeline.now + 5_000, isGoing)
    // A floor or something taken back may just have been written.
    for (let round = 0; round < 10 && isGoing() && timeline.now < quietAtMs(world); round++)
      await timeline.runUntil(quietAtMs(world), isGoing)
    if (isGoing()) await checkLiveness(world)
  }
  for (const machine of world.machines) machine.keeper.close()
  for (const server of world.servers) server.kill()
  return world.finding
}
