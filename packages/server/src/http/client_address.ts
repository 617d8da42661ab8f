import { type AddressRange, callerAddress } from '@countersign/core'
import { type Exchange, headerValues } from './exchange.ts'

/** The caller's address, by the one rule that all of ours go by; undefined where it cannot be told. */
export function clientAddress(exchange: Exchange, trustedProxies: readonly AddressRange[]): string | undefined {
  const values = headerValues(exchange, 'x-forwarded-for')
  return callerAddress(exchange.peer, values.length === 0 ? undefined : values.join(','), trustedProxies)
}
