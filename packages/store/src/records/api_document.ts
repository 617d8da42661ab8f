import type { Seconds } from '@countersign/core'
import { isAnything } from '../check.ts'
import { Columns } from '../columns.ts'
import type { Session } from '../session.ts'

/** The text of the OpenAPI document last imported for an API. */
export interface DocumentText {
  readonly text: string
  /** Whether the text is JSON; else it may be YAML. */
  readonly isJson: boolean
}

/** The description that was read from it. */
export interface StoredDescription {
  readonly description: unknown
  readonly importedAt: Seconds
}

/** Both. */
export interface ApiDocument extends DocumentText, StoredDescription {
  readonly tenant: string
  readonly apiId: string
}

export interface DocumentReads {
  findDescription(tenant: string, apiId: string): Promise<StoredDescription | undefined>
  findDocumentText(tenant: string, apiId: string): Promise<DocumentText | undefined>
}

export function readDocuments(session: Session): DocumentReads {
  return {
    findDescription: (tenant, apiId) => findDescription(session, tenant, apiId),
    findDocumentText: (tenant, apiId) => findDocumentText(session, tenant, apiId),
  }
}

/** A document may have 16 MiB (docs/protocol/management.md §2); its description can be somewhat larger. */
const descriptionBytesMax = 64 * 1024 * 1024

/** The description alone: the text may be as large again. */
async function findDescription(
  session: Session,
  tenant: string,
  apiId: string,
): Promise<StoredDescription | undefined> {
  await session.enter(tenant)
  const row = await session.db
    .selectFrom('api_documents')
    .select(['description', 'imported_at'])
    .where('tenant', '=', tenant)
    .where('api_id', '=', apiId)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const columns = new Columns('api_documents', apiId, row)
  return {
    description: columns.json('description', isAnythingButUndefined, descriptionBytesMax),
    importedAt: columns.count('imported_at'),
  }
}

/** The text alone: the description may be as large again. */
async function findDocumentText(session: Session, tenant: string, apiId: string): Promise<DocumentText | undefined> {
  await session.enter(tenant)
  const row = await session.db
    .selectFrom('api_documents')
    .select(['text', 'is_json'])
    .where('tenant', '=', tenant)
    .where('api_id', '=', apiId)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const columns = new Columns('api_documents', apiId, row)
  return { text: columns.text('text'), isJson: columns.flag('is_json') }
}

function isAnythingButUndefined(value: unknown): value is unknown {
  return isAnything(value) && value !== undefined
}

export async function saveDocument(session: Session, document: ApiDocument): Promise<void> {
  await session.enter(document.tenant)
  const content = {
    text: document.text,
    is_json: document.isJson ? 1 : 0,
    description: JSON.stringify(document.description ?? null),
    imported_at: document.importedAt,
  }
  await session.db
    .insertInto('api_documents')
    .values({ tenant: document.tenant, api_id: document.apiId, ...content })
    .onConflict((conflict) => conflict.columns(['tenant', 'api_id']).doUpdateSet(content))
    .execute()
}
