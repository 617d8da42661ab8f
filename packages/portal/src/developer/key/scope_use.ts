/** The calls of a key by the scope that they needed. */
interface Count {
  readonly scope?: string | undefined
  readonly outcome?: string | undefined
  readonly count: number
}

export function tokensOf(scope: string): readonly string[] {
  return scope.split(' ').filter((token) => token !== '')
}

/** The alternatives that somebody with those tokens can use. Usage names what a call needed as tokens, with ` | ` between alternatives. */
function waysOf(scope: string, has: ReadonlySet<string>): readonly (readonly string[])[] {
  const ways = scope.split(' | ').map(tokensOf)
  return ways.filter((way) => way.every((token) => has.has(token)))
}

/** How many calls that were allowed needed each token of the key: those of the alternatives that it has. */
export function callsByToken(counts: readonly Count[], keyScope: string): ReadonlyMap<string, number> {
  const tokens = tokensOf(keyScope)
  const has = new Set(tokens)
  const calls = new Map(tokens.map((token) => [token, 0]))
  for (const { scope = '', outcome, count } of counts) {
    if (outcome !== 'verified') continue
    const needed = waysOf(scope, has)
    for (const token of new Set(needed.flat())) calls.set(token, (calls.get(token) ?? 0) + count)
  }
  return calls
}

/** When each token of the key was last needed. `uses`: the latest first. Tokens that never were are left out. */
export function lastByToken(
  uses: readonly { readonly scope: string; readonly at: string }[],
  keyScope: string,
): ReadonlyMap<string, string> {
  const has = new Set(tokensOf(keyScope))
  const last = new Map<string, string>()
  for (const { scope, at } of uses)
    for (const token of waysOf(scope, has).flat()) if (!last.has(token)) last.set(token, at)
  return last
}

export interface LostCalls {
  /** As usage names it. */
  readonly scope: string
  readonly count: number
}

/** The calls that were allowed, and would be refused with the scope of afterwards: by what they needed, the most first. */
export function callsLost(counts: readonly Count[], after: ReadonlySet<string>): readonly LostCalls[] {
  const lost = new Map<string, number>()
  for (const { scope = '', outcome, count } of counts) {
    if (outcome === 'verified' && waysOf(scope, after).length === 0) lost.set(scope, (lost.get(scope) ?? 0) + count)
  }
  return Array.from(lost, ([scope, count]) => ({ scope, count })).sort((one, other) => other.count - one.count)
}
