/** The scopes that an API's imported document asks of a request (docs/protocol/gateway.md §2). */
import type { Scope } from '@countersign/core'
import { compileRoutes, type Operation, type RouteTable } from '@countersign/openapi'
import type { Store, Tenant } from '@countersign/store'
import type { Clock } from '@countersign/verifier/engine'
import type { Books } from '../feed/books.ts'
import { keepRecords } from '../feed/kept_records.ts'
import { storedDescription } from './document.ts'

export type Requirement = {
  /** Whether the imported document has it; absent where none was imported, and where two readings have it. */
  readonly isDescribed?: boolean
} & (
  | {
      readonly kind: 'requires'
      /** An OR of ANDs; `[[]]` is any active credential, also where no document was imported. */
      readonly requires: readonly Scope[]
      readonly cost?: number
      /** Absent where no document was imported. */
      readonly operation?: Operation
    }
  | { readonly kind: 'public' }
  /** `allow`: the methods that its path has; absent where no operation has its path. */
  | { readonly kind: 'undescribed'; readonly allow?: readonly string[] }
  | { readonly kind: 'ambiguous'; readonly detail: string }
)

/** By the documents that were imported. */
export interface Requirements {
  of(
    tenant: Pick<Tenant, 'id'>,
    apiId: string,
    operation: { readonly method: string; readonly uri: string },
  ): Promise<Requirement>
  /** Whether the API's imported document has an operation at this path, whatever its method. */
  isDescribed(tenant: Pick<Tenant, 'id'>, apiId: string, uri: string): Promise<boolean>
}

interface Compiled {
  readonly apiId: string
  /** `undefined` where no document was imported. */
  readonly table: RouteTable | undefined
}

export function createRequirements(
  { store, books }: { readonly store: Store; readonly books: Books },
  clock: Clock,
): Requirements {
  const compiled = keepRecords<Compiled>({ books, clock, type: 'api', idOf: ({ apiId }) => apiId, entriesMax: 1_000 })

  async function compile(tenant: Pick<Tenant, 'id'>, apiId: string): Promise<Compiled> {
    const { apis } = store.read
    const stored = await apis.findDescription(tenant.id, apiId)
    if (stored === undefined) return { apiId, table: undefined }
    const findText = () => apis.findDocumentText(tenant.id, apiId)
    return { apiId, table: compileRoutes(await storedDescription(stored, { tenant: tenant.id }, findText)) }
  }

  async function tableOf(tenant: Pick<Tenant, 'id'>, apiId: string): Promise<RouteTable | undefined> {
    return (await compiled.find(tenant.id, apiId, () => compile(tenant, apiId)))?.table
  }

  return {
    async of(tenant, apiId, { method, uri }) {
      const table = await tableOf(tenant, apiId)
      if (table === undefined) return { kind: 'requires', requires: [[]] }
      const match = table.match(method, uri)
      switch (match.kind) {
        case 'operation':
          return match.operation.public ? { kind: 'public', isDescribed: true } : needsOf(match.operation)
        case 'ambiguous':
          return { kind: 'ambiguous', detail: match.detail }
        case 'not_found':
          return { kind: 'undescribed', isDescribed: false }
        case 'method_not_allowed':
          return { kind: 'undescribed', isDescribed: false, allow: match.allow }
      }
    },
    isDescribed: async (tenant, apiId, uri) => (await tableOf(tenant, apiId))?.knows(uri) !== undefined,
  }
}

function needsOf(operation: Operation): Requirement {
  const { requires, cost } = operation
  const needs = { kind: 'requires', isDescribed: true, requires, operation } as const
  return cost === undefined ? needs : { ...needs, cost }
}
