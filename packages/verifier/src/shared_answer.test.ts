import { expect, it } from 'vitest'
import { shareAnswer } from './shared_answer.ts'

it('is asked for once while it is made, and once in its life', async () => {
  let now = 0
  let asked = 0
  const waiting: ((value: number) => void)[] = []
  const ask = shareAnswer(
    1_000,
    { stamp: () => ({ monotonicMs: now, wallMs: 0 }) },
    () =>
      new Promise<number>((resolve) => {
        asked++
        waiting.push(resolve)
      }),
  )
  const first = [ask(), ask()]
  now = 5_000
  first.push(ask())
  expect(asked).toBe(1)
  waiting[0]?.(7)
  expect(await Promise.all(first)).toEqual([7, 7, 7])
  // Its life began when it was asked for.
  const second = ask()
  expect(asked).toBe(2)
  waiting[1]?.(8)
  expect(await second).toBe(8)
  now = 5_999
  expect(await ask()).toBe(8)
  now = 6_000
  void ask()
  expect(asked).toBe(3)
})

it('a failure is not kept', async () => {
  let asked = 0
  const ask = shareAnswer(1_000, { stamp: () => ({ monotonicMs: 0, wallMs: 0 }) }, async () => {
    if (asked++ === 0) throw new Error('away')
    return asked
  })
  await expect(Promise.all([ask(), ask()])).rejects.toThrow('away')
  expect(await ask()).toBe(2)
})
