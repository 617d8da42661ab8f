import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createRoom, type Room } from './room.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const flooder = { credential: 'key_flooder', address: '192.0.2.1' }
const victim = { credential: 'key_victim', address: '198.51.100.1' }

function fill(room: Room, holder: typeof flooder, count: number): Promise<boolean>[] {
  return Array.from({ length: count }, () => room.enter(holder)).filter((entered) => entered instanceof Promise)
}

it('one beyond waits, is let in when another leaves, and is told so after its time when none does', async () => {
  const room = createRoom(2, 1_000)
  expect([room.enter({}), room.enter({})]).toEqual([true, true])
  const third = room.enter({})
  const fourth = room.enter({})
  vi.advanceTimersByTime(999)
  room.leave({})
  expect(await third).toBe(true)
  vi.advanceTimersByTime(1)
  expect(await fourth).toBe(false)
  expect(room.enterNow({})).toBe(false)
  room.leave({})
  expect(room.enterNow({})).toBe(true)
})

it('those who wait are let in in the order in which they came', async () => {
  const room = createRoom(1, 1_000)
  room.enter({})
  const order: number[] = []
  const waiting = [1, 2, 3].map(async (index) => {
    if (await room.enter({ credential: `key_${index}` })) order.push(index)
  })
  room.leave({})
  for (const index of [1, 2]) {
    await vi.advanceTimersByTimeAsync(0)
    room.leave({ credential: `key_${index}` })
  }
  await Promise.all(waiting)
  expect(order).toEqual([1, 2, 3])
})

it('one that floods takes half and makes nobody wait', async () => {
  const room = createRoom(160, 1_000)
  const waiting = fill(room, flooder, 10_000)
  expect(waiting).toHaveLength(10_000 - 80)
  for (let index = 0; index < 10; index++) expect(room.enter(victim)).toBe(true)
  // Beyond its own share the victim waits too, but not behind the flooder.
  const eleventh = room.enter(victim)
  expect(eleventh).toBeInstanceOf(Promise)
  room.leave(victim)
  expect(await eleventh).toBe(true)
  vi.advanceTimersByTime(1_000)
  expect((await Promise.all(waiting)).some(Boolean)).toBe(false)
})

it('nobody is left behind: what was entered and left makes room for as many again', async () => {
  const room = createRoom(4, 1_000)
  for (let round = 0; round < 50; round++) {
    const entered = Array.from({ length: 8 }, (_, index) => room.enter({ credential: `key_${index}` }))
    expect(entered.filter((each) => each === true)).toHaveLength(4)
    for (let index = 0; index < 8; index++) {
      expect(await entered[index]).toBe(true)
      room.leave({ credential: `key_${index}` })
    }
  }
})
