/** The management API (docs/protocol/management.md) as one method for each operation, typed by its routes. */
import type { AuditAction, Open, OperationId, Routes } from '@countersign/contract'
import { requireIssuer, requireOptions } from '@countersign/core'
import type { z } from 'zod'
import { ApiError } from './api_error.ts'
import { operations } from './operations.ts'
import type { RefusalItem } from './refusal_item.ts'
import { parseAnswer, type Received, send, timeoutMsDefault } from './send.ts'

/** The options of `createManagementClient`. */
export interface ManagementClientOptions {
  /** The tenant's issuer, a URL without a slash at its end. */
  readonly issuer: string
  /** An API key or access token for the audience `<issuer>/v1`. */
  readonly credential: string
  /** Allows plain http beyond this machine: anybody on the way can then read the credential. Default false. */
  readonly dangerouslyAllowInsecureHttp?: boolean
  /** The time for one request, in milliseconds. Default 30,000. */
  readonly timeoutMs?: number
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof fetch
}

/** One method for each operation; `listAll` walks the pages of operations that have pages. */
export type ManagementClient = {
  readonly [O in OperationId]: (...input: Arguments<O>) => Promise<Answer<O>>
} & {
  /**
   * Every item of a list, page after page.
   *
   * @example
   * ```ts
   * for await (const key of client.listAll('listKeys', { query: { status: 'active' } })) console.log(key.id)
   * ```
   */
  listAll<O extends ListId>(operation: O, ...input: ListArguments<O>): AsyncGenerator<ListItem<O>>
}

/** The lists, each with the operation that answers one item in the same shape. */
interface GetByList {
  readonly listApis: 'getApi'
  readonly listClients: 'getClient'
  readonly listKeys: 'getKey'
  readonly listTokens: 'getToken'
  readonly listIssuers: 'getIssuer'
  readonly listTenants: 'getTenant'
  readonly listAccounts: 'getAccount'
  readonly listTeams: 'getTeam'
  readonly listTeamMembers: 'updateTeamMember'
  readonly listAccessRequests: 'withdrawAccessRequest'
}

/** The operations with pages. */
export type ListId =
  | keyof GetByList
  | 'listAudit'
  | 'listConsents'
  | 'listInvitations'
  | 'listRefusals'
  | 'listSessions'
/** One item of a list. */
export type ListItem<O extends ListId> = O extends keyof GetByList
  ? Output<GetByList[O]>
  : O extends 'listSessions'
    ? SessionItem
    : O extends 'listConsents'
      ? ConsentItem
      : O extends 'listInvitations'
        ? InvitationItem
        : O extends 'listRefusals'
          ? RefusalItem
          : AuditItem

/** A consent: an account allows one client something. */
export interface ConsentItem {
  /** Its id. */
  readonly id: string
  /** The account that allows it. */
  readonly accountId: string
  /** The client that is allowed. */
  readonly clientId: string
  /** Its name, whether the owner of the API vouches for it, and the page about it. */
  readonly client: { readonly name: string; readonly verified: boolean; readonly homepageUri: string | null }
  /** The audience of the API. */
  readonly audience: string
  /** The scope that the client is allowed there. */
  readonly scope: string
  /** When it was first given, RFC 3339. */
  readonly createdAt: string
  /** When it last gave the client a code. */
  readonly lastUsedAt: string
}

/** One session of a browser. */
export interface SessionItem {
  /** Its id. */
  readonly id: string
  /** The account that is signed in. */
  readonly accountId: string
  /** When the person signed in, RFC 3339. */
  readonly createdAt: string
  /** When it was last used, to the hour. */
  readonly lastSeenAt: string
  /** When it ends, unless it is used before. */
  readonly expiresAt: string
  /** The `User-Agent` of the browser; empty where it sent none. */
  readonly userAgent: string
  /** The address of the browser; `null` where it is not known. */
  readonly address: string | null
  /** Whether it is the session that asks. */
  readonly current: boolean
}

/** An invitation to a team, without its code. */
export interface InvitationItem {
  /** Its id. */
  readonly id: string
  /** The team. */
  readonly teamId: string
  /** The address of the person who may accept it. */
  readonly email: string
  /** The role that the person then has. */
  readonly role: 'owner' | 'developer' | 'viewer'
  /** When it was made, RFC 3339. */
  readonly createdAt: string
  /** When it ends. */
  readonly expiresAt: string
}

/** One event of the audit log. */
export interface AuditItem {
  /** Its place in the log of the tenant, from 1. */
  readonly sequence: number
  /** RFC 3339. */
  readonly at: string
  /** The credential that did it, with its client, or the system. */
  readonly actor: unknown
  /** The kind of change, such as `key.create`. A later server may answer others. */
  readonly action: Open<AuditAction>
  /** The kind of object that was changed. */
  readonly objectType: string
  /** The id of that object. */
  readonly objectId: string
  /** The object before, as an answer shows it; `null` for none. */
  readonly before: unknown
  /** The object after, as an answer shows it; `null` for none. */
  readonly after: unknown
  /** The `X-Request-Id` of the request that did it. */
  readonly requestId: string
  /** The `X-Request-Id` that its caller sent; `null` for none. */
  readonly callerRequestId: string | null
  /** The HMAC that links this event to the one before. */
  readonly link: string
}

type Output<O extends OperationId> = z.output<Routes[O]['answer']['schema']>

/** The answer of an operation; of a list, one page of it. */
export type Answer<O extends OperationId> = O extends ListId
  ? { readonly data: readonly ListItem<O>[]; readonly next: string | null }
  : Output<O>

type SchemaOf<O extends OperationId, M extends string> = Routes[O] extends {
  readonly [K in M]: infer S extends z.ZodType
}
  ? S
  : never

/** The query of an operation, with numbers as numbers, though the schema reads the text of a URL. */
export type Query<O extends OperationId> = {
  readonly [K in keyof z.input<SchemaOf<O, 'query'>>]: K extends 'limit' | 'after'
    ? O extends 'feed'
      ? number
      : K extends 'limit'
        ? number
        : string
    : z.input<SchemaOf<O, 'query'>>[K]
}

/** The body of an operation, as its schema takes it. */
export type Body<O extends OperationId> = z.input<SchemaOf<O, 'body'>>

type ParamNames<P extends string> = P extends `${string}{${infer N}}${infer Rest}` ? N | ParamNames<Rest> : never

type ParamsPart<O extends OperationId> =
  ParamNames<Routes[O]['path']> extends never
    ? unknown
    : { readonly params: { readonly [N in ParamNames<Routes[O]['path']>]: string } }

type QueryPart<O extends OperationId> = [SchemaOf<O, 'query'>] extends [never]
  ? unknown
  : object extends Query<O>
    ? { readonly query?: Query<O> }
    : { readonly query: Query<O> }

type BodyPart<O extends OperationId> = Routes[O] extends { readonly takesDocument: true }
  ? { /** JSON or YAML, as text. */ readonly document: string }
  : [SchemaOf<O, 'body'>] extends [never]
    ? unknown
    : object extends Body<O>
      ? { readonly body?: Body<O> }
      : { readonly body: Body<O> }

type IdempotencyPart<O extends OperationId> = Routes[O] extends { readonly isIdempotent: true }
  ? { /** Default: one made for the call, so that its retry cannot create twice. */ readonly idempotencyKey?: string }
  : unknown

/**
 * The input of an operation: `params`, `query`, `body` or `document`, `idempotencyKey`, each only where the route has
 * it.
 */
export type Input<O extends OperationId> = ParamsPart<O> & QueryPart<O> & BodyPart<O> & IdempotencyPart<O>

type Arguments<O extends OperationId> = object extends Input<O> ? [input?: Input<O>] : [input: Input<O>]

type ListInput<O extends ListId> = ParamsPart<O> & { readonly query?: Query<O> }
/** The input of `listAll`: the parameters of its path, where it has any, and the query of each page. */
export type ListArguments<O extends ListId> =
  object extends ListInput<O> ? [input?: ListInput<O>] : [input: ListInput<O>]

interface AnyInput {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: unknown
  readonly document?: string
  readonly idempotencyKey?: string
}

const optionNames = {
  issuer: true,
  credential: true,
  dangerouslyAllowInsecureHttp: true,
  timeoutMs: true,
  fetch: true,
} satisfies Record<keyof ManagementClientOptions, true>
const retryAfterMs = 250

/**
 * Manages a tenant. Every method rejects with `ApiError` when the server refuses or cannot be reached. Requests that
 * create carry an `Idempotency-Key` and are sent once more after a network error or a 503; others are sent once.
 *
 * @throws TypeError when an option is missing, unknown or unsafe.
 * @example
 * ```ts
 * const client = createManagementClient({ issuer: 'https://auth.example', credential: process.env.COUNTERSIGN_KEY })
 * const { id, key } = await client.createKey({ body: { clientId, audience, scope: 'orders:read', name: 'Mobile' } })
 * await client.revokeKey({ params: { id } })
 * ```
 */
export function createManagementClient(options: ManagementClientOptions): ManagementClient {
  requireOptions('createManagementClient', options, optionNames)
  const issuer = requireIssuer(options.issuer, options.dangerouslyAllowInsecureHttp)
  const { credential, timeoutMs = timeoutMsDefault, fetch = globalThis.fetch } = options
  if (typeof credential !== 'string' || !/^[\x21-\x7e]+$/.test(credential)) {
    throw new TypeError('credential must be an API key or an access token')
  }

  async function call(operation: OperationId, input: AnyInput = {}): Promise<unknown> {
    const [method, path, creates] = operations[operation] as readonly [string, string, string?]
    const content = contentOf(method, input)
    const sending = {
      url: issuer + fillPath(path, input.params ?? {}) + formatQuery(input.query ?? {}),
      method,
      headers: {
        authorization: `Bearer ${credential}`,
        accept: 'application/json',
        ...(content === undefined ? {} : { 'content-type': content.type }),
        ...(creates === undefined ? {} : { 'idempotency-key': input.idempotencyKey ?? crypto.randomUUID() }),
      },
      ...(content === undefined ? {} : { body: content.text }),
      fetch,
      timeoutMs,
      secrets: [credential],
    }
    const received = await (creates === undefined ? send(sending) : sendTwice(() => send(sending)))
    return readAnswer(received)
  }

  async function* listAll(operation: ListId, input: AnyInput = {}): AsyncGenerator<unknown> {
    let after: string | undefined
    do {
      const query = { limit: 100, ...input.query, ...(after === undefined ? {} : { after }) }
      const { data, next } = (await call(operation, { ...input, query })) as {
        data: readonly unknown[]
        next: string | null
      }
      yield* data
      after = next ?? undefined
    } while (after !== undefined)
  }

  const methods = Object.keys(operations).map((operation) => [
    operation,
    (input?: AnyInput) => call(operation as OperationId, input),
  ])
  return Object.freeze({ ...Object.fromEntries(methods), listAll }) as ManagementClient
}

/** Sends again when the first request may not have arrived or changed nothing; the idempotency key makes that safe. */
async function sendTwice(sendOnce: () => Promise<Received>): Promise<Received> {
  try {
    return await sendOnce()
  } catch (error) {
    const mayHelp = error instanceof ApiError && (error.status === 503 || error.code === 'unreachable')
    if (!mayHelp) throw error
    await new Promise((resolve) => setTimeout(resolve, retryAfterMs))
    return sendOnce()
  }
}

function contentOf(method: string, { body, document }: AnyInput): { type: string; text: string } | undefined {
  if (document !== undefined) {
    const type = /^\s*[[{]/.test(document) ? 'application/json' : 'application/yaml'
    return { type, text: document }
  }
  if (method === 'GET' || method === 'DELETE') return undefined
  return { type: 'application/json', text: JSON.stringify(body ?? {}) }
}

function fillPath(path: string, params: Readonly<Record<string, string>>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name]
    // A URL parser would resolve `.` and `..`: another operation would be called.
    if (value === undefined || value === '' || value === '.' || value === '..')
      throw new TypeError(`"${name}" is missing`)
    return encodeURIComponent(value)
  })
}

function formatQuery(query: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined)
  if (pairs.length === 0) return ''
  return `?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))}`
}

function readAnswer({ headers, text }: Received): unknown {
  return (headers.get('content-type') ?? '').includes('ndjson') ? text : parseAnswer(text)
}
