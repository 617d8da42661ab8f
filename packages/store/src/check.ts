/** Checks of stored JSON: small predicates, composed. A check ignores members that it does not name. */
export type Check<T> = (value: unknown) => value is T

export const isText: Check<string> = (value) => typeof value === 'string'

export const isFlag: Check<boolean> = (value) => typeof value === 'boolean'

/** Counts, times and sequences: from 0 to 2^53 - 1. */
export const isCount: Check<number> = (value): value is number => Number.isSafeInteger(value) && (value as number) >= 0

export const isVersion: Check<number> = (value): value is number => isCount(value) && value >= 1

export const isAnything: Check<unknown> = (_value): _value is unknown => true

export function isObject(value: unknown): value is { readonly [member: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A word of a union. `words` names every member, so a new member fails tsc until each check knows it. */
export function oneOf<T extends string>(words: { readonly [W in NoInfer<T>]: unknown }): Check<T> {
  const values: readonly unknown[] = Object.keys(words)
  return (value): value is T => values.includes(value)
}

export function listOf<T>(check: Check<T>): Check<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every((item) => check(item))
}

/** The member may be missing. */
export function optional<T>(check: Check<T>): Check<T> {
  return (value): value is T => value === undefined || check(value)
}

export function recordOf<T>(check: Check<T>): Check<{ readonly [member: string]: T }> {
  return (value): value is { readonly [member: string]: T } => isObject(value) && Object.values(value).every(check)
}

export function shape<T>(members: { readonly [K in keyof T]-?: Check<T[K]> }): Check<T> {
  const checks = Object.entries(members) as [string, Check<unknown>][]
  return (value): value is T =>
    isObject(value) && checks.every(([name, check]) => check(Object.hasOwn(value, name) ? value[name] : undefined))
}
