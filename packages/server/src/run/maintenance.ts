/** Work that recurs: clean-up, receipts, rotation of signing keys. */
import { setTimeout as wait } from 'node:timers/promises'
import type { ReserveState } from '@countersign/store'
import type { Services } from '../context.ts'
import { createCleanUp } from '../feed/clean_up.ts'
import type { DropTimes } from '../feed/drop_time.ts'
import { signingKeyObject } from '../feed/objects.ts'
import { isRotationDue, rotateKeys } from '../keys/signing_keys.ts'
import { serverLimits } from '../limits.ts'
import { endGivenAccess } from '../people/given_access.ts'

/** Begins; gives a function that ends it after one more clean-up. A failure is logged and tried again the next time. */
export function startMaintenance(
  services: Pick<
    Services,
    'books' | 'issuerKeys' | 'log' | 'master' | 'now' | 'positions' | 'processId' | 'store' | 'usageRetention'
  >,
  dropTimes: DropTimes,
): () => Promise<void> {
  const cleanUp = createCleanUp(services, dropTimes)
  const every = (ms: number, what: string, work: () => Promise<unknown>): NodeJS.Timeout => {
    const timer = setInterval(
      () => void work().catch((error: unknown) => services.log.warn({ error }, `${what} failed`)),
      ms,
    )
    timer.unref()
    return timer
  }
  /** One of the processes over a database does it. When that is gone, another one does it within two rounds. */
  const onlyOne = (ms: number, what: string, work: () => Promise<unknown>): NodeJS.Timeout =>
    every(ms, what, async () => {
      if (await services.store.takeLease(what, services.processId, (2 * ms) / 1000)) await work()
    })
  const tendReserve = async (): Promise<void> => {
    await services.store.tendReserve()
    tellReserve()
  }
  const tellReserve = reserveTeller(services)
  void tendReserve().catch((error: unknown) => services.log.warn({ error }, 'the reserve for a full disk was not made'))
  let rolledUpTo: string | undefined
  const timers = [
    every(serverLimits.cleanUpEveryMs, 'clean-up', cleanUp),
    every(serverLimits.tendReserveMs, 'the reserve for a full disk', tendReserve),
    onlyOne(serverLimits.rollUpEveryMs, 'roll-up', async () => {
      const { store, usageRetention } = services
      const budget = { budgetMs: serverLimits.rollUpBudgetMs, after: rolledUpTo }
      rolledUpTo = (await store.rollUpUsage(services.now(), usageRetention, budget)).next
    }),
    every(serverLimits.flushPositionsMs, 'receipts', () => services.positions.flush()),
    every(serverLimits.accessEndsEveryMs, 'the end of approved access', () => endGivenAccess(services)),
    onlyOne(serverLimits.issuerKeysEveryMs, 'keys of trusted issuers', () => services.issuerKeys.refreshDue()),
    onlyOne(serverLimits.issuerClientsEveryMs, 'clients of trusted issuers', () => services.issuerKeys.keepClients()),
    onlyOne(serverLimits.rotateEveryMs, 'rotation of signing keys', () => rotateDueKeys(services)),
  ]
  return async () => {
    timers.forEach(clearInterval)
    const ended = cleanUp().catch((error: unknown) => services.log.warn({ error }, 'the last clean-up failed'))
    await Promise.race([ended, wait(serverLimits.lastCleanUpMs, undefined, { ref: false })])
  }
}

/** Says once that the disk is full, and once that it is not any more. */
function reserveTeller({ store, log }: Pick<Services, 'log' | 'store'>): () => void {
  let known: ReserveState | undefined
  return () => {
    const state = store.load().disk?.reserve
    if (state === 'given_up' && known !== state)
      log.error({}, 'the disk of the database is full: its reserve is given up for revocations; free some space')
    if (state === 'whole' && known === 'given_up') log.info({}, 'the reserve for a full disk is there again')
    known = state
  }
}

/**
 * Every tenant whose keys have signed long enough gets new ones. Judged again in the transaction: others may do the
 * same.
 */
export async function rotateDueKeys({
  store,
  books,
  master,
  now,
}: Pick<Services, 'books' | 'master' | 'now' | 'store'>): Promise<void> {
  const byTenant = Map.groupBy(await store.read.signingKeys.listAll(), (key) => key.tenant)
  for (const [tenant, keys] of byTenant) {
    if (!isRotationDue(keys, now())) continue
    const { entries } = await store.write(async (transaction) => {
      if (!isRotationDue(await transaction.signingKeys.list(tenant), now())) return
      const made = await rotateKeys(transaction, { tenant, master, now: now() })
      if (made === 'in_progress') return
      transaction.append({
        tenant,
        audit: {
          actor: { kind: 'system' },
          action: 'signing_key.rotate',
          objectType: 'signing_key',
          objectId: made.map((key) => key.kid).join(' '),
          after: made.map(({ kid, alg, purpose, signsAt }) => ({ kid, alg, purpose, signsAt })),
          requestId: 'maintenance',
        },
        objects: () => made.map(signingKeyObject),
      })
    })
    await books.settle(entries)
  }
}
