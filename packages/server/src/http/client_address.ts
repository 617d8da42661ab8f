import { type AddressRange, callerAddress, type Holder, isTrustedAddress } from '@countersign/core'
import { type Exchange, headerValues } from './request.ts'

/** The caller's address, by the one rule that all of ours go by; undefined where it cannot be told. */
export function clientAddress(exchange: Exchange, trustedProxies: readonly AddressRange[]): string | undefined {
  const values = headerValues(exchange, 'x-forwarded-for')
  return callerAddress(exchange.peer, values.length === 0 ? undefined : values.join(','), trustedProxies)
}

/** Who a request counts for where fair shares are kept. A trusted proxy that does not say for whom it asks is not one caller. */
export function holderOf(exchange: Exchange, trustedProxies: readonly AddressRange[]): Holder {
  const address = clientAddress(exchange, trustedProxies)
  const isProxy = address === exchange.peer && isTrustedAddress(address, trustedProxies)
  return { ...exchange.caller, address: isProxy ? undefined : address }
}
