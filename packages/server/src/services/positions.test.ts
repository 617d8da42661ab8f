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
  return { fake, positions: createPositions(store, () => now) }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))
const position = { verifierId: 'key:a', epoch: 'e', sequence: 5, maxStalenessSeconds: 10 }

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
  positions.report('acme', { ...position, verifierId: 'key:b' })
  const second = positions.flush()
  fake.endSave()
  await first
  await turn()
  expect((await positions.standing('acme', now)).map(({ id }) => id).sort()).toEqual(['key:a', 'key:b'])
  fake.endSave()
  await second
  expect(await positions.standing('acme', now)).toHaveLength(2)
})
