/**
 * The one HTTP client of the server, for URLs that come from clients, tokens and documents. https only, the public
 * internet only, the address looked up once and pinned, no redirects, no proxies, bounded in bytes, time and number
 * (CVE-2026-1180 and its kin).
 */
import { lookup as lookUpName } from 'node:dns/promises'
import * as http from 'node:http'
import * as https from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { getCACertificates } from 'node:tls'
import { serverLimits } from '../limits.ts'
import { type AllowedHosts, allowedName } from './allowed_hosts.ts'
import { OutboundError } from './outbound_error.ts'
import { isPublicAddress } from './public_address.ts'

export interface OutboundAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Uint8Array
}

export interface Outbound {
  /** Throws `OutboundError` where no whole answer came. An answer of any status but 3xx is one. */
  get(url: string, asking?: OutboundAsking): Promise<OutboundAnswer>
}

export interface OutboundAsking {
  /** The media types that will do. Default: JSON. */
  readonly accept?: string
}

export interface ResolvedAddress {
  readonly address: string
  readonly family: number
}

export interface OutboundOptions {
  /** Reached whatever address they have, over http too. Default: none. */
  readonly allow?: AllowedHosts
  /** Certificates in PEM, believed beside the system's. Default: none. */
  readonly ca?: string
  /** All addresses of a name. Default: the system's resolver. */
  readonly resolve?: (hostname: string) => Promise<readonly ResolvedAddress[]>
  /** Aborts when so many milliseconds have passed. Default: `AbortSignal.timeout`. */
  readonly deadline?: (milliseconds: number) => AbortSignal
}

export function createOutbound(options: OutboundOptions = {}): Outbound {
  const { allow = new Set(), ca, deadline = AbortSignal.timeout } = options
  const resolve = options.resolve ?? ((hostname) => lookUpName(hostname, { all: true }))
  // Agents of our own: the global ones may be told of proxies by the environment.
  const trust = ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] }
  const agents = { 'http:': new http.Agent(), 'https:': new https.Agent(trust) }
  const places = createPlaces()

  return {
    async get(text, { accept = 'application/json' } = {}) {
      const url = readUrl(text, allow)
      const release = places.take(allowedName(url))
      const signal = deadline(serverLimits.outboundTimeoutMs)
      const resolving = isIP(bare(url.hostname)) === 0 ? resolve(bare(url.hostname)) : literal(url)
      // A look-up cannot be ended: its place is free once it is over, or all threads of the process could wait for one.
      const fetching = beforeAbort(resolving, signal).then((addresses) => {
        if (!allow.has(allowedName(url))) requirePublic(addresses)
        return fetchFrom(url, addresses, agents[url.protocol as keyof typeof agents], signal, accept)
      })
      void Promise.allSettled([resolving, fetching]).then(release)
      try {
        return await fetching
      } catch (error) {
        if (error instanceof OutboundError) throw error
        throw new OutboundError(signal.aborted ? 'timeout' : 'unreachable', error)
      }
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

/** `[::1]` of a URL is `::1` to resolver and socket. */
function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '')
}

async function literal({ hostname }: URL): Promise<readonly ResolvedAddress[]> {
  const address = bare(hostname)
  return [{ address, family: isIP(address) }]
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

/** Names are looked up once. A second answer could be another one (DNS rebinding). */
function pinned(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_hostname, { all }, callback) => {
    const [first] = addresses
    if (first === undefined) return callback(new OutboundError('unreachable'), '')
    if (all === true) callback(null, [...addresses])
    else callback(null, first.address, first.family)
  }
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
