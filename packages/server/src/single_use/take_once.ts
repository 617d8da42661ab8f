/** The one store for values that are good once. Client assertions use it; codes, form tokens and links belong here too. */
import type { Seconds } from '@countersign/core'
import type { WriteOptions } from '@countersign/store'
import type { Services } from '../context.ts'

export interface SingleUse {
  /** The noun of what is good once. Values of two kinds never meet. */
  readonly kind: string
  readonly tenant: string
  /** Unique within its kind and tenant. */
  readonly value: string
  /** Remembered until then. No clock may take the value for a good one afterwards. */
  readonly endsAt: Seconds
  /** Values that this very request took before it began again: they count as its own. Default: none. */
  readonly own?: Set<string>
}

/** Takes a value. Resolves to whether this is its first use; rejects as the store does. */
export async function takeOnce(
  { store }: Pick<Services, 'store'>,
  { kind, tenant, value, endsAt, own }: SingleUse,
  writing: WriteOptions = {},
): Promise<boolean> {
  if (own?.has(value) === true) return true
  const { value: isFirst } = await store.write(
    (transaction) => transaction.singleUse.take(kind, tenant, value, endsAt),
    writing,
  )
  if (isFirst) own?.add(value)
  return isFirst
}
