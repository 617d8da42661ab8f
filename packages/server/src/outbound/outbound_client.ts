/**
 * The one HTTP client of the server, for URLs that come from clients, tokens and documents, and for calls to APIs. https
 * only, the public internet only, the address looked up once and pinned, no redirects, no proxies, bounded in bytes, time
 * and number (CVE-2026-1180 and its kin). Calls may also go to networks that the operator has named.
 */
import { lookup as lookUpName } from 'node:dns/promises'
import * as http from 'node:http'
import * as https from 'node:https'
import { getCACertificates } from 'node:tls'
import { type AddressRange, isTrustedAddress } from '@countersign/core'
import { serverLimits } from '../limits.ts'
import { type AllowedHosts, allowedName } from './allowed_hosts.ts'
import { createLookUps } from './look_ups.ts'
import { type OutboundCall, type OutboundStream, sendCall } from './outbound_call.ts'
import { OutboundError, type OutboundFault } from './outbound_error.ts'
import { pinned, type ResolvedAddress } from './pinned.ts'
import { isPublicAddress } from './public_address.ts'

export interface OutboundAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Uint8Array
}

export interface Outbound {
  /** Throws `OutboundError` where no whole answer came. An answer of any status but 3xx is one. */
  get(url: string, asking?: OutboundAsking): Promise<OutboundAnswer>
  /** Throws `OutboundError` where no answer began. A redirect is an answer like any other. */
  send(call: OutboundCall): Promise<OutboundStream>
}

export interface OutboundAsking {
  /** The media types that will do. Default: JSON. */
  readonly accept?: string
}

export interface OutboundOptions {
  /** Reached whatever address they have, over http too. Default: none. */
  readonly allow?: AllowedHosts
  /** Where `send` may go besides public addresses, over http too. Default: nowhere. */
  readonly callNetworks?: readonly AddressRange[]
  /** Places where `send` may go whatever address they have, over http too. Default: none. */
  readonly callHosts?: AllowedHosts
  /** Certificates in PEM, believed beside the system's. Default: none. */
  readonly ca?: string
  /** All addresses of a name. Default: the system's resolver. */
  readonly resolve?: (hostname: string) => Promise<readonly ResolvedAddress[]>
  /** Aborts when so many milliseconds have passed. Default: `AbortSignal.timeout`. */
  readonly deadline?: (milliseconds: number) => AbortSignal
}

export function createOutbound(options: OutboundOptions = {}): Outbound {
  const { allow = new Set(), callNetworks = [], callHosts = new Set(), ca, deadline = AbortSignal.timeout } = options
  // Agents of our own: the global ones may be told of proxies by the environment.
  const trust = ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] }
  const agents = { 'http:': new http.Agent(), 'https:': new https.Agent(trust) }
  const places = createPlaces()
  const lookUps = createLookUps(options.resolve ?? ((hostname) => lookUpName(hostname, { all: true })))

  function requireCallable(url: URL, addresses: readonly ResolvedAddress[]): void {
    if (addresses.length === 0) throw new OutboundError('unknown_host')
    if (callHosts.has(allowedName(url))) return
    // A call carries credentials, which plain http would show to everybody on the way.
    const isFor = ({ address }: ResolvedAddress): boolean =>
      isTrustedAddress(address, callNetworks) || (url.protocol === 'https:' && isPublicAddress(address))
    if (!addresses.every(isFor)) throw new OutboundError('not_public')
  }

  return {
    async get(text, { accept = 'application/json' } = {}) {
      const url = readUrl(text, allow)
      const release = places.take(allowedName(url))
      const signal = deadline(serverLimits.outboundTimeoutMs)
      const resolving = lookUps.ofFetch(url, {}, signal)
      const fetching = beforeAbort(resolving, signal).then((addresses) => {
        if (!allow.has(allowedName(url))) requirePublic(addresses)
        return fetchFrom(url, addresses, agents[url.protocol as keyof typeof agents], signal, accept)
      })
      void Promise.allSettled([resolving, fetching]).then(release)
      try {
        return await fetching
      } catch (error) {
        if (error instanceof OutboundError && error.fault !== 'unknown_host') throw error
        throw new OutboundError(signal.aborted ? 'timeout' : 'unreachable', error)
      }
    },
    async send(call) {
      const time = deadline(serverLimits.callTimeoutMs)
      const signal = AbortSignal.any([time, call.signal])
      const faultOf = (fault: OutboundFault) => (time.aborted ? 'timeout' : fault)
      // A caller who leaves has its place until the look-up is over: leaving again and again would make up any number of them.
      const resolving = lookUps.ofCall(call.url, call.holder, signal)
      const addresses = await beforeAbort(resolving, time)
      requireCallable(call.url, addresses)
      return sendCall(call, addresses, agents[call.url.protocol as keyof typeof agents], signal, faultOf)
    },
  }
}

function readUrl(text: string, allow: AllowedHosts): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.username !== '' || url.password !== '' || url.hash !== '')
    throw new OutboundError('invalid_url')
  const isAllowedPlain = url.protocol === 'http:' && allow.has(allowedName(url))
  if (url.protocol !== 'https:' && !isAllowedPlain) throw new OutboundError('invalid_url')
  return url
}

/** One address that is not public refuses the name: a resolver that mixes them is not to be believed. */
function requirePublic(addresses: readonly ResolvedAddress[]): void {
  if (addresses.length === 0) throw new OutboundError('unreachable')
  if (!addresses.every(({ address }) => isPublicAddress(address))) throw new OutboundError('not_public')
}

function beforeAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(new OutboundError('timeout'))
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', abort))
}

/** Connects to these addresses and to no other, whatever the name leads to by now. */
function fetchFrom(
  url: URL,
  addresses: readonly ResolvedAddress[],
  agent: http.Agent,
  signal: AbortSignal,
  accept: string,
): Promise<OutboundAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<OutboundAnswer>()
  const { request } = url.protocol === 'https:' ? https : http
  const asked = request(url, {
    agent,
    signal,
    lookup: pinned(addresses),
    maxHeaderSize: serverLimits.outboundHeaderBytesMax,
    headers: { Accept: accept, 'Accept-Encoding': 'identity', 'User-Agent': 'countersign' },
  })
  const fail = (error: unknown): void => {
    reject(error)
    asked.destroy()
  }
  asked.on('error', reject)
  asked.on('response', (response) => {
    const { statusCode: status = 0, headers } = response
    if (status >= 300 && status < 400) return fail(new OutboundError('redirect'))
    if ((headers['content-encoding'] ?? 'identity') !== 'identity') return fail(new OutboundError('encoded'))
    if (Number(headers['content-length'] ?? 0) > serverLimits.outboundBodyBytesMax)
      return fail(new OutboundError('too_large'))
    const pieces: Uint8Array[] = []
    let bytes = 0
    response.on('data', (piece: Uint8Array) => {
      bytes += piece.length
      if (bytes > serverLimits.outboundBodyBytesMax) return fail(new OutboundError('too_large'))
      pieces.push(piece)
    })
    response.on('error', reject)
    response.on('end', () => resolve({ status, headers, body: Buffer.concat(pieces) }))
    // An answer that is cut off has no end.
    response.on('close', () => reject(new OutboundError('unreachable')))
  })
  asked.end()
  return promise
}

/** Counts fetches under way: of one host and port, and of all. */
function createPlaces(): { take(name: string): () => void } {
  const taken = new Map<string, number>()
  let all = 0
  return {
    take(name) {
      const ofHost = taken.get(name) ?? 0
      if (all >= serverLimits.outboundMax || ofHost >= serverLimits.outboundPerHostMax) throw new OutboundError('busy')
      taken.set(name, ofHost + 1)
      all++
      return () => {
        all--
        const left = (taken.get(name) ?? 1) - 1
        if (left === 0) taken.delete(name)
        else taken.set(name, left)
      }
    },
  }
}
