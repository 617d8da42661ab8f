import { defaultPolicyName, type RateLimit, type RatePolicy, type Spend } from './gcra.ts'

/**
 * The limits of a key for itself, of a client for each API, or of an API for all its callers. All of them apply at
 * once.
 */
export interface Limited {
  /** The policy named `default`. */
  readonly rateLimit?: RateLimit | undefined
  /** Further policies, each with its own name. */
  readonly rateLimits?: readonly RatePolicy[] | undefined
}

/** Most have no limits: they share this. */
const none: readonly RatePolicy[] = Object.freeze([])

/** All policies as one list; empty when there are none. */
export function policiesOf({ rateLimit, rateLimits }: Limited): readonly RatePolicy[] {
  if (rateLimit === undefined) return rateLimits ?? none
  const { limit, windowSeconds } = rateLimit
  return [{ name: defaultPolicyName, limit, windowSeconds }, ...(rateLimits ?? none)]
}

/** One level of a credential's limits: its own, its client's, its API's. */
export interface LimitLevel {
  readonly level: 'key' | 'client' | 'api'
  /** The id of the key or client whose calls are counted; empty for an API, of which there is one. */
  readonly id: string
  readonly policies: readonly RatePolicy[]
}

/**
 * The spends of one call. Where two levels use one policy name, the wider level's is shown as `client:default` or
 * `api:default`, since the members of the `RateLimit` field are told apart by their names alone.
 */
export function spendsOf(tenant: string, apiId: string, levels: readonly LimitLevel[]): readonly Spend[] {
  const names = new Set<string>()
  return levels.flatMap(({ level, id, policies }) => {
    const spends = policies.map((policy) => {
      const name = names.has(policy.name) ? `${level}:${policy.name}` : policy.name
      const key = `{${tenant} ${apiId}}:${level}:${id}:${policy.name}`
      return { key, rate: name === policy.name ? policy : { ...policy, name }, cost: 1 }
    })
    for (const { name } of policies) names.add(name)
    return spends
  })
}
