import { existsSync, realpathSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'

/**
 * Whether anything was ever stored, in the file or in its write-ahead log. Reads only, so that a damaged log keeps its
 * content for a restore. An unreadable file does not count as empty; opening it reports the damage.
 */
export function hasTables(file: string): boolean {
  // SQLite discards the log of a file without a page, so such a file is never opened here.
  if (!existsSync(file) || statSync(file).size === 0) return false
  try {
    // The log is beside the file itself, not beside a link to it.
    const real = realpathSync(file)
    return countTables(alone(real)) > 0 || (existsSync(`${real}-wal`) && countTables(real) > 0)
  } catch {
    return true
  }
}

/** Reads the file as if it had no log, since looking for a log makes one. */
function alone(file: string): URL {
  const url = pathToFileURL(file)
  url.searchParams.set('immutable', '1')
  return url
}

function countTables(location: string | URL): number {
  const database = new DatabaseSync(location, { readOnly: true, timeout: 5000 })
  try {
    const { count } = database.prepare("select count(*) as count from sqlite_schema where type = 'table'").get() as {
      count: number
    }
    return count
  } finally {
    database.close()
  }
}
