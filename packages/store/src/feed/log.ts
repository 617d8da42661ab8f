/** Reads of the log, for those that follow it (docs/protocol/feed.md §1 and §3). */
import type { FeedEntry, MaybePromise, Place } from '@countersign/core'
import { emptyChain } from '@countersign/core'
import { sql } from 'kysely'
import type { Row } from '../columns.ts'
import { Columns } from '../columns.ts'
import type { Database } from '../database.ts'
import { thenMaybe } from '../database.ts'
import { decodeObject } from '../records/status_entry.ts'
import type { InstallationEntry } from './append.ts'

/** The head of the installation's log. */
export interface InstallationHead {
  readonly epoch: string
  readonly position: number
  /** Chain value of the last entry; `undefined` when the log does not have that entry any more. */
  readonly chain: string | undefined
}

export interface LogReads {
  epoch(): MaybePromise<string>
  /** The tenant's head, read now. */
  place(tenant: string): MaybePromise<Place>
  /** The installation's head, read now. */
  head(): MaybePromise<InstallationHead>
  /** Entries of one tenant above `sequence`, in order. */
  after(tenant: string, sequence: number, limit: number): MaybePromise<readonly FeedEntry[]>
  /** Entries of the installation above `position`, in order. */
  afterPosition(position: number, limit: number): MaybePromise<readonly InstallationEntry[]>
  /** The chain value at a sequence: `''` at 0, `undefined` when the log does not have it yet or any more. */
  chainAt(tenant: string, sequence: number): MaybePromise<string | undefined>
}

/** Numbers at or below the beginning belong to a former history. */
const beginning = sql<number>`(select beginning from installation)`

/** Uses kept statements. A poisoned entry throws instead of being left out, since a follower must not see a gap. */
export function readLog(database: Database): LogReads {
  const { epoch, installation, begins, place, after, afterPosition, chainAt } = keepStatements(database)
  const head = (tenant: string) => thenMaybe(place([tenant]), ([row]) => decodePlace(row!))

  return {
    epoch: () => thenMaybe(epoch([]), ([row]) => row!.epoch as string),
    place: head,
    head: () =>
      thenMaybe(installation([]), ([row]) => ({
        epoch: row!.epoch as string,
        position: row!.position as number,
        chain: (row!.chain as string | null) ?? undefined,
      })),
    after: (tenant, sequence, limit) =>
      thenMaybe(after([tenant, sequence, limit]), (rows) => rows.map(decodeTenantEntry)),
    afterPosition: (from, limit) => thenMaybe(afterPosition([from, limit]), (rows) => rows.map(decodeEntry)),
    chainAt: (tenant, sequence) => {
      if (sequence === 0) return thenMaybe(begins([]), ([row]) => (row!.beginning === 0 ? emptyChain : undefined))
      return thenMaybe(chainAt([tenant, sequence]), ([row]) => {
        if (row !== undefined) return row.chain as string
        // The log may have been cleaned up to its very end. The head's chain value is still known.
        return thenMaybe(head(tenant), (found) => (found.sequence === sequence ? found.chain : undefined))
      })
    },
  }
}

/** Constants stand where each call gives its parameters. */
function keepStatements(database: Database) {
  const { reader } = database
  const entries = () => reader.selectFrom('feed').selectAll()
  return {
    epoch: database.keep(reader.selectFrom('installation').select('epoch').compile()),
    begins: database.keep(reader.selectFrom('installation').select('beginning').compile()),
    installation: database.keep(
      reader
        .selectFrom('installation')
        .select(['epoch', 'position'])
        .select((eb) =>
          eb.selectFrom('feed').select('chain').whereRef('feed.position', '=', 'installation.position').as('chain'),
        )
        .compile(),
    ),
    place: database.keep(
      reader
        .selectFrom('installation')
        .leftJoin('counters', (join) => join.on('counters.tenant', '=', ''))
        .select(['installation.epoch', 'counters.sequence', 'counters.chain'])
        .compile(),
    ),
    after: database.keep(
      entries()
        .where('tenant', '=', '')
        .where('sequence', '>', 0)
        .where('sequence', '>', beginning)
        .orderBy('sequence')
        .limit(1)
        .compile(),
    ),
    afterPosition: database.keep(
      entries().where('position', '>', 0).where('position', '>', beginning).orderBy('position').limit(1).compile(),
    ),
    chainAt: database.keep(
      reader
        .selectFrom('feed')
        .select('chain')
        .where('tenant', '=', '')
        .where('sequence', '=', 0)
        .where('sequence', '>', beginning)
        .compile(),
    ),
  }
}

export function decodePlace(row: Row): Place {
  return {
    epoch: row.epoch as string,
    sequence: (row.sequence as number | null) ?? 0,
    chain: (row.chain as string | null) ?? emptyChain,
  }
}

function decodeTenantEntry(row: Row): FeedEntry {
  const { tenant: _tenant, position: _position, ...entry } = decodeEntry(row)
  return entry as FeedEntry
}

function decodeEntry(row: Row): InstallationEntry {
  const columns = new Columns('feed', row.position, row)
  return {
    ...decodeObject(columns),
    tenant: columns.text('tenant'),
    position: columns.count('position'),
    sequence: columns.count('sequence'),
    at: columns.count('at'),
    audit: columns.text('audit'),
    chain: columns.text('chain'),
  } as InstallationEntry
}
