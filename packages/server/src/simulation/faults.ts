/** The faults of servers, networks, clocks and the database, and the end of each. */
import { askForChange } from './changes.ts'
import { pastMax } from './commits.ts'
import { startAt } from './credentials.ts'
import type { State } from './database.ts'
import type { Machine } from './judges.ts'
import type { ServerProcess } from './process.ts'
import { tenants } from './tenants.ts'
import type { World } from './world.ts'

export function fault(world: World, machine: Machine): void {
  const { random } = world
  const { link, clock, habit } = machine
  const forAWhile = (set: (isOn: boolean) => void): void => {
    set(true)
    world.timeline.after(random.between(100, 2 * machine.maxStalenessMs), () => set(false))
  }
  const server = random.pick(world.servers)
  switch (random.between(0, 7)) {
    case 0:
      forAWhile((isOn) => Object.assign(link, { isUpCut: isOn }))
      break
    case 1:
      forAWhile((isOn) => Object.assign(link, { isDownCut: isOn }))
      break
    case 2:
      link.route = random.between(0, 2)
      break
    case 3:
      forAWhile((isOn) => Object.assign(server, { isDown: isOn }))
      break
    case 4:
      forAWhile((isOn) => Object.assign(link, { isSlow: isOn }))
      break
    case 5:
      forAWhile((isOn) => Object.assign(server, { isCut: isOn }))
      break
    case 6:
      if (random.chance(0.3)) restart(world, server)
      break
    default:
      if (habit === 'sleeps') forAWhile((isOn) => (isOn ? clock.suspend() : clock.resume()))
      if (habit === 'set back') clock.wallOffsetMs -= random.pick([500, 5_000, 3_600_000])
      if (habit === 'set forward') clock.wallOffsetMs += random.pick([500, 5_000, 86_400_000])
  }
}

function restart(world: World, server: ServerProcess): void {
  server.kill()
  world.timeline.after(world.random.between(100, 5_000), () => server.start())
}

/** A standby takes over with everything that was acknowledged; the old primary goes on answering. */
export function failOver(world: World): void {
  if (!world.isHealed) world.database.failOver()
}

/** An older copy is put into service by `countersign restore`, while no server runs. */
export function restore(world: World): void {
  if (world.isHealed) return
  for (const server of world.servers) server.kill()
  goBack(world)
  const { current } = world.database
  const nowSeconds = startAt + world.timeline.now / 1000
  void world.database.transact(current, async (draft) => world.database.begin(draft, 0, nowSeconds))
  for (const server of world.servers) restart(world, server)
}

/** The database goes back in its epoch, or to one before, and nobody is told: a volume's snapshot, a lost log. */
export function rollBack(world: World): void {
  if (world.isHealed) return
  const isSqlite = world.dialect === 'sqlite'
  // A SQLite file is exchanged under no running process.
  const restarted = world.servers.filter(() => isSqlite || world.random.chance(0.4))
  for (const server of restarted) server.kill()
  goBack(world)
  for (const server of restarted) restart(world, server)
  // Write before anybody finds out: less than was lost, as much, or more.
  for (let count = world.random.pick([0, 0, 2, 8]); count > 0; count--) {
    world.timeline.after(world.random.between(0, 6_000), () => askForChange(world))
  }
}

/** The database loses all that came after some state. Verifiers that knew it do not. */
function goBack(world: World): void {
  world.hasGoneBack = true
  world.wentBackAtMs = world.timeline.now
  const now = world.timeline.now
  const { state } = world.database
  for (const { keeper, memory } of world.machines) {
    if (keeper.book !== undefined) world.oracle.remember(keeper.book, world.objects, memory)
  }
  for (const { running, memory } of world.servers) {
    for (const { tenant } of tenants) {
      const book = running?.books.book(tenant.id)
      if (book !== undefined) world.oracle.remember(book, world.objects, memory)
    }
  }
  const copy = world.past.at(-1 - world.random.between(0, pastMax - 1)) ?? (world.past[0] as State)
  world.database.goBack(copy)
  for (const said of world.oracle.commit(world.objects, state, copy)) said.ackedAt = now
}

/** Faults stop. */
export function heal(world: World): void {
  world.isHealed = true
  for (const server of world.servers) {
    Object.assign(server, { isDown: false, isCut: false, readMsMax: 5 })
    server.clock.wallOffsetMs = startAt * 1000
    // A rolling restart: what it reads anew must be no less than what it knew.
    if (world.random.chance(0.2)) server.kill()
    if (server.running === undefined) server.start()
  }
  world.databaseClock.wallOffsetMs = startAt * 1000
  for (const { link, clock } of world.machines) {
    Object.assign(link, {
      drop: 0,
      duplicate: 0,
      delayMsMax: 20,
      streamDelayMsMax: 20,
      isUpCut: false,
      isDownCut: false,
      isSlow: false,
      replay: 0,
    })
    clock.resume()
  }
}
