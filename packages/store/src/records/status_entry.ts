import type { Row } from '../columns.ts'
import { Columns } from '../columns.ts'
import { dropSeconds } from '../feed/drop_time.ts'
import type { StatusEntry } from '../records.ts'
import type { Session } from '../session.ts'
import type { ReadRepositories } from '../store.ts'
import { isObjectType, isState } from '../stored_json.ts'

export function readStatusEntries(session: Session): ReadRepositories['statusEntries'] {
  return {
    async find(tenant, type, id) {
      await session.enter(tenant)
      const row = await session.db
        .selectFrom('status_entries')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('type', '=', type)
        .where('id', '=', id)
        .executeTakeFirst()
      return row && decodeStatusEntry(row)
    },
    async count(tenant, type, clientId) {
      await session.enter(tenant)
      const row = await session.db
        .selectFrom('status_entries')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('tenant', '=', tenant)
        .where('client_id', '=', clientId)
        .where('type', '=', type)
        .where('drop_at', '>', dropSeconds)
        .executeTakeFirst()
      return row?.count ?? 0
    },
  }
}

export function decodeStatusEntry(row: Row): StatusEntry {
  const columns = new Columns('status_entries', row.id, row)
  return {
    ...decodeSubject(columns),
    tenant: columns.text('tenant'),
    sequence: columns.count('sequence'),
  } as StatusEntry
}

/** The members that status entries and feed entries share. */
export function decodeSubject(columns: Columns) {
  const type = columns.word('type', isObjectType)
  return {
    type,
    id: columns.text('id'),
    version: columns.version(),
    state: columns.json<object>('state', isState[type]),
    dropAt: columns.count('drop_at'),
  }
}
