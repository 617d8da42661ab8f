import { expect, it } from 'vitest'
import { createTime, settled } from '../authority.fixture.ts'
import { createUsageReporter } from './usage_reporter.ts'

interface Sent {
  readonly id: string
  readonly rows: readonly number[]
}

/** A server that keeps each batch once; `answers` says what becomes of the next requests. */
function create(batchRowsMax = 100) {
  const time = createTime()
  const state = { rows: [] as number[], sent: [] as Sent[], kept: new Map<string, readonly number[]>() }
  const answers: ('lost' | 'down' | 'bad' | 'ok')[] = []
  const dropped: number[] = []
  const problems: string[] = []
  let ids = 0
  const reporter = createUsageReporter<number>({
    take: () => state.rows.splice(0),
    async send(id, rows) {
      state.sent.push({ id, rows })
      const answer = answers.shift() ?? 'ok'
      if (answer === 'bad' || answer === 'down') throw new Error(answer)
      state.kept.set(id, rows)
      if (answer === 'lost') throw new Error('no answer')
    },
    isHopeless: (error) => (error as Error).message === 'bad',
    newBatchId: () => `batch ${++ids}`,
    clock: time,
    schedule: (delayMs, run) => time.schedule(delayMs, run),
    random: () => 0.5,
    everyMs: 1_000,
    batchRowsMax,
    closeMs: 1_000,
    onDropped: (rows) => dropped.push(...rows),
    onProblem: (error) => problems.push((error as Error).message),
  })
  const count = (...rows: number[]): void => {
    const isFirst = state.rows.length === 0
    state.rows.push(...rows)
    if (isFirst) reporter.wake()
  }
  return { time, state, answers, dropped, problems, reporter, count, kept: () => [...state.kept.values()].flat() }
}

it('reports within a second of the first count, in one batch, and asks nothing while there is nothing', async () => {
  const { time, state, count } = create()
  await time.advance(10_000)
  expect(state.sent).toEqual([])
  count(1)
  count(2)
  await time.advance(1_000)
  expect(state.sent).toEqual([{ id: 'batch 1', rows: [1, 2] }])
  await time.advance(10_000)
  expect(state.sent).toHaveLength(1)
  count(3)
  await time.advance(1_000)
  expect(state.sent.at(-1)).toEqual({ id: 'batch 2', rows: [3] })
})

it('a batch whose answer was lost, or that did not arrive, is sent again under its id until it is acknowledged', async () => {
  const { time, state, answers, count, kept, problems } = create()
  answers.push('down', 'lost', 'down', 'ok')
  count(1)
  await time.advance(1_000)
  count(2)
  await time.advance(60_000)
  expect(state.sent.map(({ id }) => id)).toEqual(['batch 1', 'batch 1', 'batch 1', 'batch 1', 'batch 2'])
  expect(kept()).toEqual([1, 2])
  expect(problems).toEqual(['down'])
})

it('waits longer and longer for a server that is down, and never longer than half a minute', async () => {
  const { time, state, answers, count, kept } = create()
  answers.push(...Array<'down'>(200).fill('down'))
  count(1)
  await time.advance(600_000)
  expect(state.sent.length).toBeGreaterThan(600 / 30)
  expect(state.sent.length).toBeLessThan(40)
  answers.length = 0
  await time.advance(30_000)
  expect(kept()).toEqual([1])
})

it('what cannot be mended is given up and told, and what comes after it is reported', async () => {
  const { time, answers, count, dropped, kept } = create()
  answers.push('bad')
  count(1)
  await time.advance(1_000)
  count(2)
  await time.advance(1_000)
  expect(dropped).toEqual([1])
  expect(kept()).toEqual([2])
})

it('is given up before the server forgets its id, since sent again then it would count twice', async () => {
  const { time, answers, count, dropped, kept } = create()
  answers.push('lost', ...Array<'down'>(2_000).fill('down'))
  count(1)
  await time.advance(5.5 * 3_600_000)
  expect(dropped).toEqual([1])
  expect(kept()).toEqual([1])
})

it('more than one batch holds goes in several, at once', async () => {
  const { time, state, count } = create(2)
  count(1, 2, 3, 4, 5)
  await time.advance(1_000)
  expect(state.sent.map(({ rows }) => rows)).toEqual([[1, 2], [3, 4], [5]])
})

it('closing reports what there is, also what is counted while a batch is under way, and then nothing more', async () => {
  const { time, state, reporter, count, kept } = create()
  count(1)
  const flushed = reporter.flush()
  count(2)
  await Promise.all([flushed, reporter.close(), settled()])
  expect(kept()).toEqual([1, 2])
  count(3)
  await time.advance(60_000)
  expect(state.sent).toHaveLength(2)
})

it('closing gives up after a second when nobody answers', async () => {
  const { time, answers, count, reporter } = create()
  answers.push('down', 'down', 'down')
  count(1)
  const closed = reporter.close()
  await time.advance(1_000)
  await closed
})
