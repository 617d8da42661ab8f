import { type Store, StoreUnavailableError, type VerifierPosition } from '@countersign/store'
import { expect, it } from 'vitest'
import { createPositions } from './positions.ts'

const now = 1_800_000_000

/** A store whose saves and reads end when they are told to. */
function createFake() {
  const saved: VerifierPosition[] = []
  const fake = {
    endSave: (_error?: Error): void => {},
    endRead: (): void => {},
    holdsReads: false,
    now,
  }
  const store = {
    savePositions: (positions: readonly VerifierPosition[]) =>
      new Promise<void>((resolve, reject) => {
        fake.endSave = (error) => {
          if (error !== undefined) return reject(error)
          saved.push(...positions)
          resolve()
        }
      }),
    read: {
      verifierPositions: {
        async list() {
          const seen = [...saved]
          if (fake.holdsReads) await new Promise<void>((resolve) => Object.assign(fake, { endRead: resolve }))
          return seen
        },
      },
    },
  } as unknown as Store
  return { fake, positions: createPositions(store, () => fake.now) }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))
const position = { credentialId: 'key', instance: 'a', epoch: 'e', sequence: 5, maxStalenessSeconds: 10 }

it('a verifier is known while its position is being written, after that, and when that failed', async () => {
  const { fake, positions } = createFake()
  const ids = async () => (await positions.standing('acme', now)).map(({ id }) => id)
  positions.report('acme', position)
  const failing = positions.flush()
  await turn()
  expect(await ids()).toEqual(['key:a'])
  fake.endSave(new StoreUnavailableError('timeout', undefined))
  await expect(failing).rejects.toThrow('too slow')
  expect(await ids()).toEqual(['key:a'])
  const writing = positions.flush()
  await turn()
  fake.endSave()
  await writing
  expect(await ids()).toEqual(['key:a'])
})

it('a list that was read while a position was written is not kept: it lacks that one', async () => {
  const { fake, positions } = createFake()
  positions.report('acme', position)
  const writing = positions.flush()
  await turn()
  fake.holdsReads = true
  const reading = positions.standing('acme', now)
  await turn()
  fake.endSave()
  await writing
  fake.endRead()
  expect(await reading).toHaveLength(1)
  fake.holdsReads = false
  expect(await positions.standing('acme', now)).toHaveLength(1)
})

it('what is reported while another batch is written is written after it', async () => {
  const { fake, positions } = createFake()
  positions.report('acme', position)
  const first = positions.flush()
  await turn()
  positions.report('acme', { ...position, instance: 'b' })
  const second = positions.flush()
  fake.endSave()
  await first
  await turn()
  expect((await positions.standing('acme', now)).map(({ id }) => id).sort()).toEqual(['key:a', 'key:b'])
  fake.endSave()
  await second
  expect(await positions.standing('acme', now)).toHaveLength(2)
})

it('of one credential 2,000 instances are told apart; 20,000 names cost no more', async () => {
  const { positions } = createFake()
  for (let index = 0; index < 20_000; index++) positions.report('acme', { ...position, instance: `i${index}` })
  positions.report('acme', { ...position, credentialId: 'victim' })
  const ids = (await positions.standing('acme', now)).map(({ id }) => id)
  expect(ids).toHaveLength(2_000 + 1 + 1)
  expect(ids).toContain('victim:a')
})

it('the instances that are not told apart count as the slowest of them', async () => {
  const { fake, positions } = createFake()
  const reportApart = () => {
    for (let index = 0; index < 2_000; index++)
      positions.report('acme', { ...position, sequence: 9, instance: `i${index}` })
  }
  reportApart()
  const rest = async () => {
    const standing = (await positions.standing('acme', now)).find(({ id }) => id === 'key:')
    return { sequence: standing?.sequence, appliedAt: standing?.appliedAt('e', 8) }
  }
  const report = (instance: string, sequence: number) => positions.report('acme', { ...position, instance, sequence })
  report('fast', 9)
  expect(await rest()).toEqual({ sequence: 9, appliedAt: now })
  report('slow', 5)
  expect(await rest()).toEqual({ sequence: 5, appliedAt: undefined })
  // Both ask on; the slow one has not moved, whoever asks last.
  for (let second = 0; second < 60; second += 3) {
    fake.now = now + second
    reportApart()
    report('slow', 5)
    report('fast', 9)
    expect((await rest()).appliedAt).toBeUndefined()
  }
  // It catches up: never said before it did, and said once all that may still be behind has asked again.
  const caughtUpAt = fake.now + 1
  for (let second = 0; second <= 30; second += 3) {
    fake.now = caughtUpAt + second
    reportApart()
    report('slow', 9)
    report('fast', 9)
  }
  expect((await rest()).appliedAt).toBeGreaterThanOrEqual(caughtUpAt)
})

it('instances that have stopped asking make room', async () => {
  const { fake, positions } = createFake()
  for (let index = 0; index < 2_000; index++) positions.report('acme', { ...position, instance: `i${index}` })
  fake.now = now + 30
  positions.report('acme', { ...position, instance: 'later' })
  expect((await positions.standing('acme', now + 25)).map(({ id }) => id)).toEqual(['key:later'])
})
