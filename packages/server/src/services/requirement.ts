/** What an API's imported document says that a request needs (contract.md §7). */
import type { Scope } from '@countersign/core'
import { compileRoutes, type Operation, type RouteTable } from '@countersign/openapi'
import { Cache } from '@countersign/verifier'
import { storedDescription } from './document.ts'
import type { Services, TenantContext } from './services.ts'

export type Requirement =
  /** An OR of ANDs; `[[]]` is any active credential, also where no document was imported. */
  | { readonly kind: 'requires'; readonly requires: readonly Scope[]; readonly cost?: number }
  | { readonly kind: 'public' }
  | { readonly kind: 'undescribed' }
  | { readonly kind: 'ambiguous'; readonly detail: string }

const tables = new Cache<{ readonly sequence: number; readonly table: RouteTable | undefined }>(1_000)

export async function requirementOf(
  services: Services,
  tenant: TenantContext,
  apiId: string,
  { method, uri }: { readonly method: string; readonly uri: string },
): Promise<Requirement> {
  const table = await tableOf(services, tenant, apiId)
  if (table === undefined) return { kind: 'requires', requires: [[]] }
  const match = table.match(method, uri)
  switch (match.kind) {
    case 'operation':
      return match.operation.public ? { kind: 'public' } : needsOf(match.operation)
    case 'ambiguous':
      return { kind: 'ambiguous', detail: match.detail }
    case 'not_found':
    case 'method_not_allowed':
      return { kind: 'undescribed' }
  }
}

/** Whether the API's imported document has an operation at this path, whatever its method. */
export async function isDescribed(
  services: Services,
  tenant: TenantContext,
  apiId: string,
  uri: string,
): Promise<boolean> {
  return (await tableOf(services, tenant, apiId))?.knows(uri) !== undefined
}

function needsOf({ requires, cost }: Operation): Requirement {
  return cost === undefined ? { kind: 'requires', requires } : { kind: 'requires', requires, cost }
}

/** Compiled once, then again when the feed says that the API changed. */
async function tableOf(services: Services, tenant: TenantContext, apiId: string): Promise<RouteTable | undefined> {
  const book = services.books.book(tenant.id)
  const name = `${tenant.id} ${apiId}`
  const known = tables.get(name)
  if (known !== undefined && book?.isChangedSince('api', apiId, known.sequence) === false) return known.table
  const sequence = book?.place.sequence ?? 0
  const document = await services.store.read.apis.findDocument(tenant.id, apiId)
  const table = document === undefined ? undefined : compileRoutes(await storedDescription(document))
  tables.set(name, { sequence, table })
  return table
}
