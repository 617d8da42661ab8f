import { createHandBack, type HandBack } from '@countersign/verifier/engine'
import type { Services } from '../context.ts'
import type { Timers } from '../feed/timers.ts'
import { applyHandedBack } from './handed_back.ts'

/**
 * A server runs on when a standby takes over that had not received everything, and its books keep what they knew
 * (docs/protocol/feed.md §7.3). It hands that back to its own database, as a verifier does to a server: without a MAC,
 * since it is its own word. Gives a function that ends it.
 */
export function startOwnHandBack(
  services: Pick<Services, 'books' | 'log' | 'store' | 'master' | 'now'>,
  timers: Timers,
  random: () => number,
): () => void {
  const { books, log } = services
  const byTenant = new Map<string, HandBack>()

  function begin(tenant: string): HandBack {
    const handBack = createHandBack({
      source: {
        async handBack({ epoch, revocations, cutOffs = [] }) {
          // The database may have been replaced once more since they were gathered.
          if (books.book(tenant)?.place.epoch !== epoch) throw new Error('the database began another epoch')
          return { ...(await applyHandedBack(services, tenant, { revocations, cutOffs }, cause)), refused: 0 }
        },
      },
      schedule: timers.after,
      random,
      book: () => books.book(tenant),
      onProblem: (problem) => log.error({ tenant }, problem),
    })
    byTenant.set(tenant, handBack)
    return handBack
  }

  const unsubscribe = books.onReload(() => {
    for (const tenant of books.owing()) {
      const handBack = byTenant.get(tenant) ?? begin(tenant)
      handBack.wake()
    }
  })
  return () => {
    unsubscribe()
    for (const handBack of byTenant.values()) handBack.close()
  }
}

const cause = { actor: { kind: 'system' }, action: 'revocation.hand_back', requestId: 'failover' } as const
