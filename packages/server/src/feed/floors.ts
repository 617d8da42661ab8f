/**
 * After a clock was ahead for days and is corrected, the drop time is ahead of all clocks. Each tenant's entry then
 * names a floor: what is issued after it is judged by the server's time again (docs/protocol/feed.md §2.2).
 */
import type { DropFloor, Seconds } from '@countersign/core'
import type { DropTime, Tenant, WriteTransaction } from '@countersign/store'
import type { Services } from '../context.ts'
import { tenantObject } from './objects.ts'

const pageRows = 100

/** Once per value of the drop time: written again, it would refuse what was issued since the first. */
export async function writeFloors(
  services: Pick<Services, 'store' | 'books' | 'now'>,
  dropTime: DropTime,
): Promise<void> {
  const { store, books, now } = services
  const time = Math.floor(dropTime.timeMs / 1000)
  const at = Math.ceil(Math.max(now(), dropTime.databaseMs / 1000))
  let after: string | undefined
  for (;;) {
    const page: readonly Tenant[] = await store.read.tenants.list(
      after === undefined ? { limit: pageRows } : { limit: pageRows, after },
    )
    for (const tenant of page) {
      if (hasFloor(tenant, time)) continue
      const { entries } = await store.write((transaction) => writeFloor(transaction, tenant.id, { time, at }))
      await books.settle(entries)
    }
    after = page.at(-1)?.id
    if (page.length < pageRows) return
  }
}

function hasFloor({ floor }: Tenant, time: Seconds): boolean {
  return floor !== undefined && floor.time >= time
}

async function writeFloor(
  transaction: WriteTransaction,
  id: string,
  { time, at }: Omit<DropFloor, 'sequence'>,
): Promise<void> {
  const tenant = await transaction.tenants.find(id)
  if (tenant === undefined || hasFloor(tenant, time)) return
  const changed = { ...tenant, version: tenant.version + 1, updatedAt: at }
  await transaction.tenants.update(changed)
  transaction.append({
    tenant: id,
    audit: {
      actor: { kind: 'system' },
      action: 'drop_time.floor',
      objectType: 'tenant',
      objectId: id,
      after: { time, at },
      requestId: 'maintenance',
    },
    objects: (sequence) => [tenantObject({ ...changed, floor: { sequence, time, at } })],
    rows: (sequence) => transaction.tenants.setFloor(id, { sequence, time, at }),
  })
}
