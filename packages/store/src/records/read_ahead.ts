/**
 * Reads the records that changes of a transaction are about to look for, each kind by one statement. On PostgreSQL these are
 * sent with the tenant's lock, so that most changes wait for one answer before their rows are written. What is not there or
 * cannot be read is left to the change that looks for it.
 */
import { sql } from 'kysely'
import { allDone } from '../all_done.ts'
import { type Row, rowName } from '../columns.ts'
import { isStorableText } from '../database.ts'
import { PoisonedRowError } from '../errors.ts'
import { isAmong, isSelected, selectValues } from '../rows/among.ts'
import type { Remembered, WriteSession } from '../session.ts'
import type { ReadAhead } from '../store.ts'
import { decodeApi, selectApis } from './api.ts'
import { decodeClient, selectClients } from './client.ts'
import { decodeKey, selectKeys } from './key.ts'

/** Sends all before the first is answered. */
export async function readAhead(session: WriteSession, tenant: string, asked: readonly ReadAhead[]): Promise<void> {
  const keys = namesOf(asked, 'keys')
  const clients = namesOf(asked, 'clients')
  const audiences = namesOf(asked, 'audiences')
  await allDone(
    keys.length === 0 ? undefined : readKeys(session, tenant, keys),
    keys.length + clients.length === 0 ? undefined : readClients(session, tenant, clients, keys),
    audiences.length === 0 ? undefined : readApis(session, tenant, audiences),
  )
}

function namesOf(asked: readonly ReadAhead[], kind: keyof ReadAhead): readonly string[] {
  return [...new Set(asked.flatMap((each) => each[kind] ?? []))].filter(isStorableText)
}

/** The order is that of the unique index: where the table was empty when PostgreSQL planned, all indexes look alike to it. */
async function readKeys(session: WriteSession, tenant: string, ids: readonly string[]): Promise<void> {
  const rows = await selectKeys(session, tenant)
    .where(isAmong(session, 'id', ids))
    .orderBy('id')
    .execute()
  for (const row of rows) remember(session, 'key', rowName(tenant, row.id), () => decodeKey(row))
}

/** The clients of these ids, and those of the keys. */
async function readClients(
  session: WriteSession,
  tenant: string,
  ids: readonly string[],
  keys: readonly string[],
): Promise<void> {
  const isNamed = isAmong(session, 'id', keys)
  const holders = sql`select client_id from keys where tenant = ${tenant} and ${isNamed} order by id`
  const wanted = sql`${selectValues(session, ids)} union select client_id from (${holders}) as held`
  const rows: readonly Row[] = await selectClients(session.db, tenant)
    .where(isSelected(session, 'clients.id', wanted))
    .orderBy('clients.id')
    .execute()
  for (const [id, own] of Map.groupBy(rows, (row) => row.id as string))
    remember(session, 'client', rowName(tenant, id), () => decodeClient(own))
}

async function readApis(session: WriteSession, tenant: string, audiences: readonly string[]): Promise<void> {
  const rows = await selectApis(session, tenant)
    .where(isAmong(session, 'audience', audiences))
    .orderBy('audience')
    .execute()
  for (const row of rows) {
    remember(session, 'api', rowName('audience', tenant, row.audience), () => decodeApi(row))
  }
}

function remember(session: WriteSession, of: Remembered, name: string, decode: () => object | undefined): void {
  try {
    const record = decode()
    if (record !== undefined) session.remember(of, name, record)
  } catch (error) {
    if (!(error instanceof PoisonedRowError)) throw error
  }
}
