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

export interface Chosen<O extends Needs = Operation> {
  /** Each token once, in the order in which operations need it. */
  readonly scope: readonly string[]
  /** The operations that nothing givable opens. */
  readonly refused: readonly O[]
}

/**
 * The scope that opens all of the operations and as little else as can be: of alternatives the one that opens the fewest of `all`,
 * the first of equals. `givable`: what can be given; `undefined` while that is not known, and then anything.
 */
export function scopeFor<O extends Needs>(
  operations: readonly O[],
  givable: ReadonlySet<string> | undefined,
  all: readonly Needs[],
): Chosen<O> {
  const scope = new Set<string>()
  const refused: O[] = []
  const isGivable = (way: readonly string[]) => givable === undefined || way.every((token) => givable.has(token))
  const ways = operations.map((operation) => ({ operation, open: operation.requires.filter(isGivable) }))
  // Operations with one way come first: what they need may open the others.
  for (const { operation, open } of ways.sort((one, other) => one.open.length - other.open.length)) {
    if (operation.public) continue
    const way = narrowest(open, scope, all)
    if (way === undefined) refused.push(operation)
    else for (const token of way) scope.add(token)
  }
  const order = operations.flatMap(({ requires }) => requires.flat())
  return { scope: [...new Set(order)].filter((token) => scope.has(token)), refused }
}

function narrowest(
  ways: readonly (readonly string[])[],
  has: ReadonlySet<string>,
  all: readonly Needs[],
): readonly string[] | undefined {
  const open = ways.find((way) => way.every((token) => has.has(token)))
  if (open !== undefined || ways.length < 2) return open ?? ways[0]
  const opens = (way: readonly string[]): number => {
    const scope = new Set([...has, ...way])
    return all.filter((each) => missingOf(each, scope)?.length === 0).length
  }
  return ways.map((way) => ({ way, many: opens(way) })).reduce((best, next) => (next.many < best.many ? next : best))
    .way
}
