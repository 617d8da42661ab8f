import { type AddressRange, callerAddress, type Holder, isTrustedAddress } from '@countersign/core'
import { headerValues } from './header.ts'
import type { HttpRequest } from './request.ts'

/** The caller's address, by the one rule that all of ours go by; undefined where it cannot be told. */
export function clientAddress(request: HttpRequest, trustedProxies: readonly AddressRange[]): string | undefined {
  const values = headerValues(request, 'x-forwarded-for')
  return callerAddress(request.peer, values.length === 0 ? undefined : values.join(','), trustedProxies)
}

/** Whose request an audit event is about, besides the credential. */
export interface Sender {
  readonly address?: string
  readonly callerRequestId?: string
}

export function senderOf(request: HttpRequest, trustedProxies: readonly AddressRange[]): Sender {
  const address = clientAddress(request, trustedProxies)
  const theirs = callerRequestId(request)
  return {
    ...(address === undefined ? {} : { address }),
    ...(theirs === undefined ? {} : { callerRequestId: theirs }),
  }
}

/** The caller's own `X-Request-Id`: 1 to 128 visible ASCII characters. Another one is none: it could be anything. */
export function callerRequestId(request: HttpRequest): string | undefined {
  const [first, ...others] = headerValues(request, 'x-request-id')
  return first !== undefined && others.length === 0 && /^[\x21-\x7e]{1,128}$/.test(first) ? first : undefined
}

/** Who a request counts for where fair shares are kept. A trusted proxy that does not say for whom it asks is not one caller. */
export function holderOf(request: HttpRequest, trustedProxies: readonly AddressRange[]): Holder {
  const address = clientAddress(request, trustedProxies)
  const isProxy = address === request.peer && isTrustedAddress(address, trustedProxies)
  return { ...request.caller, address: isProxy ? undefined : address }
}
