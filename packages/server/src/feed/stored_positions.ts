/** The positions of verifiers in the database: what this process heard is written there, and what others heard is read. */
import type { Store, VerifierPosition } from '@countersign/store'
import { Cache } from '@countersign/verifier/engine'
import { verifiersMax } from './verifier_instances.ts'

export interface StoredPositions {
  /** To be written with the next flush. */
  note(position: VerifierPosition): void
  /** By verifier. Positions of other processes are at most a second old; those that are yet to be written are among them. */
  read(tenant: string): Promise<Map<string, VerifierPosition>>
  flush(): Promise<void>
}

/** Many changes may be answered by one read. */
const readLifeMs = 1_000

export function createStoredPositions(store: Pick<Store, 'read' | 'savePositions'>): StoredPositions {
  let unwritten = new Map<string, VerifierPosition>()
  /** The batch that is being written. It is not in `unwritten` any more, and not yet in the database. */
  let writing: ReadonlyMap<string, VerifierPosition> = new Map()
  let writes = 0
  let flushed: Promise<void> = Promise.resolve()
  const kept = new Cache<{ readonly readAt: number; readonly positions: readonly VerifierPosition[] }>(1_000)

  async function readRows(tenant: string): Promise<readonly VerifierPosition[]> {
    const known = kept.get(tenant)
    const readAt = performance.now()
    if (known !== undefined && readAt - known.readAt < readLifeMs) return known.positions
    const before = writes
    const positions = await store.read.verifierPositions.list(tenant)
    // Read while something was written, it may lack that.
    if (writes === before) kept.set(tenant, { readAt, positions })
    return positions
  }

  async function write(): Promise<void> {
    if (unwritten.size === 0) return
    const batch = unwritten
    writing = batch
    unwritten = new Map()
    try {
      await store.savePositions([...batch.values()])
      writes++
      // The written positions must be found by the next read.
      for (const { tenant } of batch.values()) kept.delete(tenant)
    } catch (error) {
      // Kept for the next time, except where something newer came meanwhile.
      unwritten = new Map([...batch, ...unwritten])
      throw error
    } finally {
      writing = new Map()
    }
  }

  return {
    note(position) {
      if (unwritten.size < verifiersMax) unwritten.set(`${position.tenant} ${position.verifierId}`, position)
    },
    async read(tenant) {
      const pending = [...writing.values(), ...unwritten.values()].filter((position) => position.tenant === tenant)
      const all = [...(await readRows(tenant)), ...pending]
      return new Map(all.map((position) => [position.verifierId, position]))
    },
    flush() {
      flushed = flushed.catch(() => {}).then(write)
      return flushed
    },
  }
}
