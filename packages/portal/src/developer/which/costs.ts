/** Each credential at one API: what its first use costs there, how soon it is refused once it was ended, and how long it lasts. */
import type { Api } from '../../shared/api/queries.ts'
import type { Credential } from './decide.ts'

type Terms = Pick<Api, 'maxStalenessSeconds' | 'tokenFormat' | 'tokenTtlSeconds' | 'tokenTtlSecondsMax'>

export interface Costs {
  /** Whether a verifier asks the server when the credential is new to it. */
  readonly isLookedUp: boolean
  /** Whether verifiers of other makers, which know the JWK Set alone, take it until its own end. */
  readonly isReadElsewhere: boolean
  /** The bound of a verifier that chose none, in seconds. */
  readonly boundSeconds: number
  /** The highest that one may choose. */
  readonly boundSecondsMax: number
  /** Its longest life in seconds; `undefined` where its maker chooses any end, or none. */
  readonly lifeSecondsMax: number | undefined
}

const boundDefault = 10
/** The JWT of another issuer may lie at most so far ahead of its end: docs/issuers.md §2. */
const foreignLifeSecondsMax = 86_400

export function costsOf(credential: Credential, api: Terms): Costs {
  const isOpaque = isIssued(credential) && api.tokenFormat === 'opaque'
  const isLookedUp = credential === 'api_key' || isOpaque
  return {
    isLookedUp,
    isReadElsewhere: !isLookedUp,
    boundSeconds: Math.min(boundDefault, api.maxStalenessSeconds),
    boundSecondsMax: api.maxStalenessSeconds,
    lifeSecondsMax: lifeOf(credential, api),
  }
}

/** Whether it is an access token of the token endpoint, whose form the API chooses. */
function isIssued(credential: Credential): boolean {
  return credential === 'client_credentials' || credential === 'code'
}

function lifeOf(credential: Credential, api: Terms): number | undefined {
  if (credential === 'api_key') return undefined
  if (credential === 'trusted_issuer') return foreignLifeSecondsMax
  return isIssued(credential) ? api.tokenTtlSeconds : api.tokenTtlSecondsMax
}
