import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { CommitOrder } from './commit_order.ts'

/** Commits begin in the order of positions; their answers arrive in the given order. */
async function tellInOrder(arrivals: readonly number[], failing: readonly number[] = []): Promise<number[]> {
  const order = new CommitOrder()
  const told: number[] = []
  const settles = new Map(arrivals.toSorted((a, b) => a - b).map((position) => [position, order.begin(position)]))
  const answers = arrivals.map(async (position, index) => {
    for (let turn = 0; turn < index; turn++) await setImmediate()
    if (!failing.includes(position)) {
      await order.turn(position)
      told.push(position)
    }
    settles.get(position)!()
  })
  await Promise.all(answers)
  return told
}

it('listeners hear of commits in their order, whichever answer arrives first', async () => {
  expect(await tellInOrder([9, 1, 5, 3])).toEqual([1, 3, 5, 9])
  expect(await tellInOrder([4, 3, 2, 1])).toEqual([1, 2, 3, 4])
})

it('a commit that failed holds up nobody once that is known', async () => {
  expect(await tellInOrder([9, 5, 1, 3], [1, 5])).toEqual([3, 9])
})
