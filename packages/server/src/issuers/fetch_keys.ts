/** One fetch of a trusted issuer's keys, with everything that can be wrong about the answer as a value. */
import type { IssuerKey } from '@countersign/core'
import { serverLimits } from '../limits.ts'
import type { Outbound, OutboundAnswer } from '../outbound/outbound_client.ts'
import { OutboundError, type OutboundFault } from '../outbound/outbound_error.ts'
import { IssuerKeysError, readIssuerKeys } from './read_keys.ts'

/** Why no keys came. docs/issuers.md lists them. */
export type FetchFault = OutboundFault | IssuerKeysError['fault'] | 'wrong_status'

export type FetchedKeys =
  /** `lifeSeconds`: how long the answer may be used, by its cache headers. */
  { readonly keys: readonly IssuerKey[]; readonly lifeSeconds: number } | { readonly fault: FetchFault }

export async function fetchIssuerKeys(outbound: Outbound, uri: string): Promise<FetchedKeys> {
  try {
    const answer = await outbound.get(uri)
    if (answer.status !== 200) return { fault: 'wrong_status' }
    return { keys: await readIssuerKeys(parseBody(answer)), lifeSeconds: lifeOf(answer) }
  } catch (error) {
    if (error instanceof OutboundError || error instanceof IssuerKeysError) return { fault: error.fault }
    throw error
  }
}

function parseBody({ body }: OutboundAnswer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    throw new IssuerKeysError('not_a_jwk_set', 'the answer is not JSON')
  }
}

/** RFC 9111 §5.2.2.1, within our bounds: a day is too long for a key that was stolen, a second is a burden. */
function lifeOf({ headers }: OutboundAnswer): number {
  const maxAge = /(?:^|[\s,])max-age="?(\d{1,10})/i.exec(String(headers['cache-control'] ?? ''))?.[1]
  const age = /^\d{1,10}$/.exec(String(headers.age ?? ''))?.[0]
  const seconds = maxAge === undefined ? serverLimits.issuerKeysSecondsDefault : Number(maxAge) - Number(age ?? 0)
  return Math.min(Math.max(seconds, serverLimits.issuerKeysSecondsMin), serverLimits.issuerKeysSecondsMax)
}
