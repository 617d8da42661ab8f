/**
 * Names of statements: PostgreSQL reads and plans each once on every connection. When another process changes a table, as a
 * migration does, it refuses what it had planned before, so all statements are then planned anew, under other names.
 */
import type { QueryConfig } from 'pg'

const names = new Map<string, string>()
const namesMax = 200
/** Longer ones have many rows, and a text for each number of rows. */
const namedLengthMax = 2_500
/** How often all were planned anew. */
let round = 0

export function named(text: string, values: readonly unknown[]): QueryConfig {
  const name = values.length === 0 ? undefined : nameOf(text)
  return { text, values: [...values], ...(name === undefined ? {} : { name }) }
}

function nameOf(text: string): string | undefined {
  const known = names.get(text)
  if (known !== undefined || text.length > namedLengthMax || names.size >= namesMax) return known
  const name = `countersign_s${round}_${names.size}`
  names.set(text, name)
  return name
}

/** The present name of the statement that has this number. */
export function nameOfKept(number: number): string {
  return `countersign_${round}_${number}`
}

/** Whether PostgreSQL has refused a statement since its plan is out of date. It has done nothing then. */
export function isOutOfDate(error: unknown): boolean {
  const { code, routine } = error as { readonly code?: string; readonly routine?: string }
  return code === '0A000' && routine === 'RevalidateCachedQuery'
}

/**
 * `run` takes the name of its statement each time. Outside a transaction it is run once more under another name; a transaction is
 * lost with its first error, and only the next one has the other names.
 */
export async function planned<T>(run: () => Promise<T>, isInTransaction: boolean): Promise<T> {
  const before = round
  try {
    return await run()
  } catch (error) {
    if (!isOutOfDate(error)) throw error
    // Others that were under way may have been refused for the same reason.
    if (round === before) renew()
    if (isInTransaction) throw error
    return run()
  }
}

function renew(): void {
  round += 1
  names.clear()
}
