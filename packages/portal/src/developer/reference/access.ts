/** The scopes that an operation needs, beside those that somebody has. The server decides: this says beforehand what it will say. */
import type { Operation } from './operation_names.ts'

type Needs = Pick<Operation, 'public' | 'requires'>

/** `nobody`: its requirement in the document can be met by none. */
export type Access = 'public' | 'nobody' | 'any credential' | 'scopes'

export function accessOf({ public: isPublic, requires }: Needs): Access {
  if (isPublic) return 'public'
  if (requires.length === 0) return 'nobody'
  return requires.some((all) => all.length === 0) ? 'any credential' : 'scopes'
}

/** `orders:read and orders:list, or admin`. */
export function inWords({ requires }: Pick<Needs, 'requires'>): string {
  return requires.map((all) => all.join(' and ')).join(', or ')
}

/** The tokens that are lacking, of the alternative that lacks fewest: none where it may be called. `undefined`: nobody may. */
export function missingOf(operation: Needs, has: ReadonlySet<string>): readonly string[] | undefined {
  if (operation.public) return []
  return operation.requires
    .map((all) => all.filter((token) => !has.has(token)))
    .reduce<readonly string[] | undefined>(
      (best, lacking) => (best === undefined || lacking.length < best.length ? lacking : best),
      undefined,
    )
}

export interface Chosen {
  /** Each token once, in the order in which operations need it. */
  readonly scope: readonly string[]
  /** The operations that nothing givable opens. */
  readonly refused: readonly Needs[]
}

/**
 * The scope that opens all of the operations and no more than that: of alternatives the one that adds fewest tokens, the first
 * of equals. `givable`: what can be given; `undefined` while that is not known, and then anything.
 */
export function scopeFor(operations: readonly Needs[], givable: ReadonlySet<string> | undefined): Chosen {
  const scope = new Set<string>()
  const refused: Needs[] = []
  const isGivable = (all: readonly string[]) => givable === undefined || all.every((token) => givable.has(token))
  // Operations with one way come first: what they need may open the others.
  const ways = operations.map((operation) => ({ operation, ways: operation.requires.filter(isGivable) }))
  for (const { operation, ways: open } of [...ways].sort((one, other) => one.ways.length - other.ways.length)) {
    if (operation.public) continue
    const lacking = missingOf({ public: false, requires: open }, scope)
    if (lacking === undefined) refused.push(operation)
    else for (const token of lacking) scope.add(token)
  }
  const order = operations.flatMap(({ requires }) => requires.flat())
  return { scope: [...new Set(order)].filter((token) => scope.has(token)), refused }
}
