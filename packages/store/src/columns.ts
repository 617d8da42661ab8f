import type { Check } from './check.ts'
import { isCount, isText, isVersion } from './check.ts'
import { PoisonedRowError } from './errors.ts'

export type Row = { readonly [column: string]: unknown }

/** JSON in a row is bounded, so that one grown row cannot stall every request behind its parsing. */
const jsonBytesMax = 2 * 1024 * 1024

/** Reads one row, column by column. Throws `PoisonedRowError` for a column with an unexpected value. */
export class Columns {
  readonly #table: string
  readonly #id: string
  readonly #row: Row

  constructor(table: string, id: unknown, row: Row) {
    this.#table = table
    this.#id = String(id)
    this.#row = row
  }

  text(column: string): string {
    return this.#read(column, isText)
  }

  optionalText(column: string): string | undefined {
    return this.#optional(column, isText)
  }

  /** A count, a time or a sequence. */
  count(column: string): number {
    return this.#read(column, isCount)
  }

  optionalCount(column: string): number | undefined {
    return this.#optional(column, isCount)
  }

  version(): number {
    return this.#read('version', isVersion)
  }

  flag(column: string): boolean {
    return this.#read(column, (value): value is 0 | 1 => value === 0 || value === 1) === 1
  }

  word<T extends string>(column: string, check: Check<T>): T {
    return this.#read(column, check)
  }

  optionalWord<T extends string>(column: string, check: Check<T>): T | undefined {
    return this.#optional(column, check)
  }

  optionalBytes(column: string): Uint8Array | undefined {
    const bytes = this.#optional(column, (value): value is Uint8Array => value instanceof Uint8Array)
    return bytes && new Uint8Array(bytes)
  }

  json<T>(column: string, check: Check<T>, bytesMax = jsonBytesMax): T {
    const text = this.#read(column, (value): value is string => isText(value) && value.length <= bytesMax)
    const value = parseJson(text)
    if (!check(value)) throw this.poisoned(column)
    return value
  }

  optionalJson<T>(column: string, check: Check<T>): T | undefined {
    return this.#row[column] === null ? undefined : this.json(column, check)
  }

  poisoned(column: string): PoisonedRowError {
    return new PoisonedRowError(this.#table, this.#id, column)
  }

  #read<T>(column: string, check: Check<T>): T {
    const value = this.#row[column]
    if (!check(value)) throw this.poisoned(column)
    return value
  }

  #optional<T>(column: string, check: Check<T>): T | undefined {
    return this.#row[column] === null ? undefined : this.#read(column, check)
  }
}

/** Gives `undefined`, which is no JSON value, for text that is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** Omits members that are `undefined`, so that equal records compare equal. */
export function present<T extends object>(members: T): Present<T> {
  // Object.fromEntries would make a dictionary, three times as slow and as large. So members are copied in one order.
  const kept: Partial<T> = {}
  for (const name in members) if (members[name] !== undefined) kept[name] = members[name]
  return kept as unknown as Present<T>
}

export function jsonOrNull(value: unknown): string | null {
  return value === undefined || value === null ? null : JSON.stringify(value)
}

/** One text for several: no two lists of parts have the same. */
export function rowName(...parts: readonly string[]): string {
  return JSON.stringify(parts)
}
