/** When what goes on is judged, with an engine that answers when it is told to. */
import type { Grant } from '@countersign/core'
import type { BookKeeper, Engine, Outcome } from '@countersign/verifier/engine'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { gatewayLimits } from './limits.ts'
import { createWatch, markOf, type Watch, type Watched } from './watch.ts'

const grant = {} as Grant
const verified: Outcome = { outcome: 'verified', grant }
const rejected: Outcome = { outcome: 'rejected', rejection: { code: 'revoked', detail: 'revoked' } }

let book = { version: 1 }
let change = (): void => {}
let answer: () => Outcome | Promise<Outcome>
let asked = 0
let watch: Watch
const cuts: string[] = []

const keeper = {
  get book() {
    return book
  },
  subscribe(listener: () => void) {
    change = () => {
      book.version++
      listener()
    }
    return () => {}
  },
  now: () => 0,
} as unknown as BookKeeper
const engine = {
  verify() {
    asked++
    return answer()
  },
} as unknown as Engine

beforeEach(() => {
  vi.useFakeTimers()
  book = { version: 1 }
  asked = 0
  cuts.length = 0
  answer = () => verified
  watch = createWatch(engine, keeper)
})
afterEach(() => {
  watch.close()
  vi.useRealTimers()
})

const watched = (mark = markOf(keeper)): Watched => ({
  question: {} as Watched['question'],
  grant,
  mark,
  cut: (why) => void cuts.push(why),
})

it('coming under watch it is judged at once exactly when the book is not that of its admission', () => {
  watch.add(watched())
  expect(asked).toBe(0)
  const mark = markOf(keeper)
  book.version++
  answer = () => rejected
  watch.add(watched(mark))
  expect(asked).toBe(1)
  expect(cuts).toEqual(['revoked: revoked'])
})

it('a book that was replaced by one of the same version is another book', () => {
  const mark = markOf(keeper)
  book = { version: mark.version }
  watch.add(watched(mark))
  expect(asked).toBe(1)
})

it('changes within 50 ms count as one', () => {
  watch.add(watched())
  for (let index = 0; index < 20; index++) change()
  vi.advanceTimersByTime(gatewayLimits.rejudgeGapMs)
  expect(asked).toBe(1)
  change()
  vi.advanceTimersByTime(gatewayLimits.rejudgeGapMs)
  expect(asked).toBe(2)
})

it('a change while a judgement runs causes another', async () => {
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  answer = () => promise
  watch.add(watched())
  change()
  vi.advanceTimersByTime(gatewayLimits.rejudgeGapMs)
  change()
  vi.advanceTimersByTime(gatewayLimits.rejudgeGapMs)
  expect(asked).toBe(1)
  answer = () => rejected
  resolve(verified)
  await vi.advanceTimersByTimeAsync(0)
  expect(asked).toBe(2)
  expect(cuts).toEqual(['revoked: revoked'])
})

it('a judgement that has no answer in a second closes it, and only once', async () => {
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  answer = () => promise
  watch.add(watched())
  change()
  vi.advanceTimersByTime(gatewayLimits.rejudgeGapMs)
  vi.advanceTimersByTime(gatewayLimits.rejudgeTimeoutMs - 1)
  expect(cuts).toEqual([])
  vi.advanceTimersByTime(1)
  expect(cuts).toEqual(['unavailable: no answer in time'])
  resolve(rejected)
  await vi.advanceTimersByTimeAsync(5_000)
  expect(cuts).toHaveLength(1)
})

it('without a word of the book it is judged once a second, and nothing once it has ended', () => {
  const unwatch = watch.add(watched())
  vi.advanceTimersByTime(3_000)
  expect(asked).toBe(3)
  unwatch()
  change()
  vi.advanceTimersByTime(3_000)
  expect(asked).toBe(3)
})
