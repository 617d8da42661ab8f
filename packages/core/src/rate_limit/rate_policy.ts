import { defaultPolicyName, type RateLimit, type RatePolicy, type Spend } from './gcra.ts'

/** What may have limits: a key for itself, a client for each API, an API for all who call it. All of them hold at once. */
export interface Limited {
  /** The policy named `default`. */
  readonly rateLimit?: RateLimit | undefined
  /** Beside it, by name. */
  readonly rateLimits?: readonly RatePolicy[] | undefined
}

/** Most have none: they share this. */
const none: readonly RatePolicy[] = Object.freeze([])

/** All of its policies as one list; none when nothing limits it. */
export function policiesOf({ rateLimit, rateLimits }: Limited): readonly RatePolicy[] {
  if (rateLimit === undefined) return rateLimits ?? none
  const { limit, windowSeconds } = rateLimit
  return [{ name: defaultPolicyName, limit, windowSeconds }, ...(rateLimits ?? none)]
}

/** One level of a credential's limits: its own, its client's, its API's. */
export interface LimitLevel {
  readonly level: 'key' | 'client' | 'api'
  /** What is counted: a key, a client; nothing for an API, of which there is one. */
  readonly id: string
  readonly policies: readonly RatePolicy[]
}

/**
 * What one call spends. A name that stands on two levels is told apart where it is shown, since the members of `RateLimit`
 * are known by their names alone: the wider level's becomes `client:default` or `api:default`.
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
