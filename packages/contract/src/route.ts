import type { z } from 'zod'

/** The scopes of the management API: docs/protocol/management.md §1. */
export const managementScopes = [
  'apis:read',
  'apis:write',
  'clients:read',
  'clients:write',
  'keys:read',
  'keys:write',
  'tokens:read',
  'tokens:write',
  'credentials:verify',
  'usage:read',
  'usage:write',
  'audit:read',
  'issuers:read',
  'issuers:write',
  'tenants:read',
  'tenants:write',
  'accounts:read',
  'accounts:write',
  'teams:read',
  'teams:write',
  'settings:read',
  'settings:write',
] as const

/** One of `managementScopes`. */
export type ManagementScope = (typeof managementScopes)[number]

/** The HTTP methods that operations have. */
export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

/** One operation of the management API, as data: the server mounts it, the OpenAPI document describes it. */
export interface Route {
  /** Its name, unique in the document. */
  readonly operationId: string
  /** The HTTP method. */
  readonly method: Method
  /** Below the tenant's issuer, with `{parameters}`. */
  readonly path: string
  /** The group that the document shows it in. */
  readonly tag: string
  /** One sentence that begins with a verb. */
  readonly summary: string
  /** The scope that a caller needs. `undefined`: any active credential for the management API will do. */
  readonly scope: ManagementScope | undefined
  /** Suffices instead of `scope`; the operation then does less. */
  readonly orScope?: ManagementScope
  /** The parameters of its query. Absent when it takes none. */
  readonly query?: z.ZodObject
  /** The members of its JSON body. Absent when it takes none. */
  readonly body?: z.ZodObject
  /** The answer of a success: its status and its shape. */
  readonly answer: {
    /** Its status. */
    readonly status: number
    /** Its shape. */
    readonly schema: z.ZodType
    /** Default: `application/json`. */
    readonly contentType?: string
    /** With another content type: the shape of each line. */
    readonly line?: z.ZodType
    /** The same as a stream of events, when the caller accepts its content type: the shape of their data. */
    readonly stream?: { readonly contentType: string; readonly event: z.ZodType; readonly description: string }
  }
  /** Creates or rolls: `Idempotency-Key` is honoured. */
  readonly isIdempotent?: true
  /** The body may be an OpenAPI document in JSON or YAML rather than a JSON object. */
  readonly takesDocument?: true
  /** In the default tenant only. */
  readonly isDefaultTenantOnly?: true
}

/** Fixes a route's literal types, so that handlers are typed by it. */
export function route<const R extends Route>(definition: R): R {
  return definition
}
