import type { BootClock, DropTime } from '@countersign/store'
import { describe, expect, it } from 'vitest'
import { areApart, createDropTimes, isAhead, nextDropMs } from './drop_time.ts'

const beganMs = 1_800_000_000_000
const minute = 60_000
const day = 86_400_000

function dropTimeAt(timeMs: number, databaseMs: number, boot?: BootClock): DropTime {
  return { timeMs, moves: 1, boot, databaseMs }
}

describe('where the drop time goes', () => {
  const present = dropTimeAt(beganMs, beganMs + day)

  it('at most a hundredth beyond what was counted, however far ahead both clocks are', () => {
    const counted = { sinceSeenMs: minute, sinceMovedMs: undefined }
    expect(nextDropMs(present, counted, beganMs + day)).toBe(beganMs + 1.01 * minute)
    expect(nextDropMs(present, { ...counted, sinceMovedMs: 2 * minute }, beganMs + day)).toBe(beganMs + 2.02 * minute)
  })

  it('never past the earlier of the two clocks', () => {
    const counted = { sinceSeenMs: day, sinceMovedMs: undefined }
    expect(nextDropMs(present, counted, beganMs + 5_000)).toBe(beganMs + 5_000)
    expect(nextDropMs(dropTimeAt(beganMs, beganMs + 4_000), counted, beganMs + day)).toBe(beganMs + 4_000)
  })

  it('never back', () => {
    const counted = { sinceSeenMs: -minute, sinceMovedMs: -day }
    expect(nextDropMs(present, counted, beganMs + day)).toBe(beganMs)
    expect(nextDropMs(present, { sinceSeenMs: day, sinceMovedMs: undefined }, beganMs - day)).toBe(beganMs)
  })
})

it('ends are judged by it once both clocks are more than 300 s behind it, and not while one is not', () => {
  const ahead = (wallMs: number, databaseMs: number) => isAhead(dropTimeAt(beganMs, databaseMs), wallMs)
  expect(ahead(beganMs - 300_001, beganMs - 300_001)).toBe(true)
  expect(ahead(beganMs - 300_000, beganMs - 300_001)).toBe(false)
  expect(ahead(beganMs - 300_001, beganMs - 300_000)).toBe(false)
  expect(areApart(dropTimeAt(0, beganMs), beganMs + 300_000)).toBe(false)
  expect(areApart(dropTimeAt(0, beganMs), beganMs + 300_001)).toBe(true)
  expect(areApart(dropTimeAt(0, beganMs), beganMs - 300_001)).toBe(true)
})

/** One installation's row, in true time that the test moves; the database's clock is right unless it is set. */
function createWorld() {
  let row = { timeMs: beganMs, moves: 0, boot: undefined as BootClock | undefined }
  const world = {
    trueMs: 0,
    databaseOffsetMs: 0,
    wall: (offsetMs = 0) => beganMs + world.trueMs + offsetMs,
    lagMs: () => world.wall() - row.timeMs,
    row: () => row,
    /** A process that starts now. Its monotonic clock begins anew with each; a machine keeps its boot clock. */
    start(offsetMs: () => number = () => 0, machine?: string) {
      const startedMs = world.trueMs
      const times = createDropTimes({
        store: {
          dropTime: {
            read: async () => ({ ...row, databaseMs: world.wall(world.databaseOffsetMs) }),
            async move(moves, { timeMs, boot }) {
              if (row.moves !== moves || timeMs < row.timeMs) return false
              row = { timeMs, moves: moves + 1, boot }
              return true
            },
          },
        },
        clock: { stamp: () => ({ monotonicMs: world.trueMs - startedMs, wallMs: world.wall(offsetMs()) }) },
        bootClock: () => (machine === undefined ? undefined : { id: machine, ms: 5_000_000 + world.trueMs }),
      })
      return { read: () => times.read(), round: async () => times.move(await times.read()) }
    },
  }
  return world
}

describe('rounds', () => {
  it('two processes that alternate count no time twice', async () => {
    const world = createWorld()
    const far = () => day
    world.databaseOffsetMs = day
    const [one, other] = [world.start(far), world.start(far)]
    await Promise.all([one.read(), other.read()])
    for (let round = 0; round < 600; round++) {
      world.trueMs += minute
      await (round % 2 === 0 ? one : other).round()
      await (round % 2 === 0 ? other : one).read()
    }
    expect(world.row().timeMs - beganMs).toBeLessThanOrEqual(1.01 * 600 * minute)
    expect(world.row().timeMs - beganMs).toBeGreaterThan(1.01 * 590 * minute)
  })

  it('a clock that jumps two hours ahead and back moves it by what has passed', async () => {
    const world = createWorld()
    let offsetMs = 0
    const process = world.start(() => offsetMs)
    await process.read()
    world.trueMs += minute
    offsetMs = 7_200_000
    world.databaseOffsetMs = offsetMs
    await process.round()
    world.trueMs += minute
    await process.round()
    offsetMs = 0
    world.databaseOffsetMs = 0
    await process.round()
    expect(world.row().timeMs - beganMs).toBe(2 * minute * 1.01)
  })

  it('of two that move it at once from one value, one does', async () => {
    const world = createWorld()
    const [one, other] = [world.start(), world.start()]
    await Promise.all([one.read(), other.read()])
    world.trueMs += minute
    await Promise.all([one.round(), other.round()])
    expect(world.row()).toMatchObject({ moves: 1, timeMs: beganMs + minute })
  })

  it('restarted every 90 s for a month, another machine each time, the lag stays under an hour', async () => {
    const world = createWorld()
    for (let restart = 0; restart < (30 * day) / 91_000; restart++) {
      const process = world.start()
      await process.read()
      world.trueMs += 60_000
      await process.round()
      world.trueMs += 30_000
      await process.round()
      // Away for a second.
      world.trueMs += 1_000
    }
    expect(world.lagMs()).toBeLessThan(3_600_000)
    expect(world.lagMs()).toBeGreaterThanOrEqual(0)
  })

  it('on one machine restarts lose nothing, even those that are killed before any round', async () => {
    const world = createWorld()
    const first = world.start(undefined, 'boot-a')
    await first.read()
    world.trueMs += minute
    await first.round()
    for (let restart = 0; restart < 100; restart++) {
      world.trueMs += 3 * minute
      const process = world.start(undefined, 'boot-a')
      await process.round()
    }
    expect(world.lagMs()).toBeLessThanOrEqual(minute)
    const other = world.start(undefined, 'boot-b')
    world.trueMs += day
    // After a reboot nothing is known of the time between.
    await world.start(undefined, 'boot-c').round()
    await other.round()
    expect(world.lagMs()).toBeGreaterThanOrEqual(day)
  })
})
