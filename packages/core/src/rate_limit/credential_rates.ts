/** The limits that a call with a credential spends from, by what was signed or recorded and what was said since. */
import type { Established, Standing } from '../effective_grant.ts'
import type { KeyState } from '../feed/state.ts'
import type { RatePolicy, Spend } from './gcra.ts'
import { policiesOf, spendsOf } from './rate_policy.ts'

/** A child spends from its oldest ancestor's present limit. */
export function ownRates(credential: Established, standing: Standing): readonly RatePolicy[] {
  const oldest = standing.ancestors.at(-1)
  const isKey = credential.lineage.at(-1)?.type === 'key'
  if (!isKey || oldest === undefined || oldest === 'revoked') return credential.rates
  // A key's state is whole: without a limit in it, the key has none any more.
  return policiesOf(oldest as KeyState)
}

/** The id of the key that it came from, also when that key had no limit yet. */
export function limitIdOf({ lineage, limitId }: Established): string {
  const oldest = lineage.at(-1)
  return oldest?.type === 'key' ? oldest.id : limitId
}

/** Most credentials have no limit: they share one empty list, since every cold verification asks for it. */
const unlimited: readonly Spend[] = []

/** One call spends from the limits of the credential, of its client and of its API. */
export function findSpends(
  credential: Established,
  { api, client }: Standing,
  own: readonly RatePolicy[],
): readonly Spend[] {
  // A record was read after whatever the book says of its client; a JWT carries the limits at the time it was signed.
  const isSaid = credential.client === undefined && client !== undefined && client !== 'revoked'
  const ofClient = isSaid ? policiesOf(client) : credential.clientRates
  const ofApi = api === undefined || api === 'revoked' ? [] : policiesOf(api)
  if (own.length === 0 && ofClient.length === 0 && ofApi.length === 0) return unlimited
  return spendsOf(credential.tenant, credential.apiId, [
    { level: 'key', id: limitIdOf(credential), policies: own },
    { level: 'client', id: credential.clientId, policies: ofClient },
    { level: 'api', id: '', policies: ofApi },
  ])
}
