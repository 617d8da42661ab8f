import type { Row } from '../columns.ts'
import { Columns, present } from '../columns.ts'
import { decodeSound } from '../page.ts'
import type { AuditEvent } from '../records.ts'
import type { Session } from '../session.ts'
import type { ReadRepositories } from '../store.ts'
import { isActor } from '../stored_json.ts'

export function readAudit(session: Session): ReadRepositories['audit'] {
  return {
    async list(tenant, filter, page) {
      await session.enter(tenant)
      const events: AuditEvent[] = []
      let before = page.after
      while (events.length < page.limit) {
        const rows = await selectAudit(session, tenant, filter, before)
          .limit(page.limit - events.length)
          .execute()
        events.push(...decodeSound(session, rows, decodeAuditEvent))
        before = rows.at(-1)?.sequence
        if (before === undefined) break
      }
      return events
    },
  }
}

function selectAudit(
  session: Session,
  tenant: string,
  filter: { readonly objectId?: string; readonly action?: string },
  before: number | undefined,
) {
  let query = session.db.selectFrom('audit').selectAll().where('tenant', '=', tenant)
  if (filter.objectId !== undefined) query = query.where('object_id', '=', filter.objectId)
  if (filter.action !== undefined) query = query.where('action', '=', filter.action)
  if (before !== undefined) query = query.where('sequence', '<', before)
  return query.orderBy('sequence', 'desc')
}

export function decodeAuditEvent(row: Row): AuditEvent {
  const columns = new Columns('audit', row.sequence, row)
  return present({
    tenant: columns.text('tenant'),
    sequence: columns.count('sequence'),
    at: columns.count('at'),
    actor: columns.json('actor', isActor),
    action: columns.text('action'),
    objectType: columns.text('object_type'),
    objectId: columns.text('object_id'),
    before: columns.optionalJson('before', isSomething),
    after: columns.optionalJson('after', isSomething),
    requestId: columns.text('request_id'),
    link: columns.text('link'),
  })
}

/** Absent and `null` are both stored as NULL; JSON's `null` is nothing that was written. */
function isSomething(value: unknown): value is unknown {
  return value !== undefined && value !== null
}
