/** How far every verifier has come: receipts are made from this. Kept in memory and written in batches. */
import type { Seconds } from '@countersign/core'
import type { Store, VerifierPosition } from '@countersign/store'
import { Cache } from '@countersign/verifier'

export interface Positions {
  report(
    tenant: string,
    position: Pick<VerifierPosition, 'verifierId' | 'epoch' | 'sequence' | 'maxStalenessSeconds'>,
  ): void
  /** Write what came since the last time. */
  flush(): Promise<void>
}

const unwrittenMax = 50_000

export function createPositions(store: Store, now: () => Seconds): Positions {
  const reached = new Cache<VerifierPosition>(unwrittenMax)
  let unwritten = new Map<string, VerifierPosition>()

  return {
    report(tenant, position) {
      const name = `${tenant} ${position.verifierId}`
      const before = reached.get(name)
      const askedAt = Math.floor(now())
      const isSame = before !== undefined && before.sequence === position.sequence && before.epoch === position.epoch
      const current = { tenant, ...position, askedAt, reachedAt: isSame ? before.reachedAt : askedAt }
      reached.set(name, current)
      if (unwritten.size < unwrittenMax) unwritten.set(name, current)
    },
    async flush() {
      if (unwritten.size === 0) return
      const batch = unwritten
      unwritten = new Map()
      try {
        await store.write(async (transaction) => {
          for (const position of batch.values()) await transaction.verifierPositions.save(position)
        })
      } catch (error) {
        // Kept for the next time, except where something newer came meanwhile.
        unwritten = new Map([...batch, ...unwritten])
        throw error
      }
    },
  }
}
