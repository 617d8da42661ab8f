import { createHmac, timingSafeEqual } from 'node:crypto'
import { parseKey } from '@countersign/core'
import { type Behind, type Page, placeOf, type Sort, type SortName } from '@countersign/store'
import { ProblemError } from '../../http/problem.ts'
import type { ReadContext } from '../context.ts'

interface PageQuery {
  readonly limit: number
  readonly after?: string | undefined
  readonly q?: string | undefined
  /** A `SortName`, with `-` before it for descending. */
  readonly sort?: string | undefined
}

type PagedContext = Pick<ReadContext, 'services' | 'tenant'> & { readonly query: PageQuery }

/** The store's page from the query. A cursor we did not write for this tenant and list is 400 (CVE-2026-33504). */
export function pageOf(context: PagedContext, list: string): Page {
  const { limit, after, q, sort } = context.query
  const page = {
    limit: limit + 1,
    ...(q === undefined ? {} : { q: searchedFor(q) }),
    ...(sort === undefined ? {} : { sort: sortOf(sort) }),
  }
  if (after === undefined) return page
  const [value = ''] = after.split('.')
  // Compared as text: decoding base64url overlooks what does not belong there.
  const expected = Buffer.from(`${value}.${macOf(context, list, value)}`)
  const given = Buffer.from(after)
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new ProblemError(400, 'invalid_request', 'after must be the `next` of a page of this list.')
  }
  const text = Buffer.from(value, 'base64url').toString('utf8')
  return { ...page, after: page.sort === undefined ? text : (JSON.parse(text) as Behind) }
}

/** The page of a list that is neither searched nor ordered. */
export function plainPageOf(context: PagedContext, list: string): { readonly limit: number; readonly after?: string } {
  const { limit, after } = pageOf(context, list)
  return { limit, ...(typeof after === 'string' ? { after } : {}) }
}

function sortOf(text: string): Sort {
  const isDescending = text.startsWith('-')
  return { by: text.slice(isDescending ? 1 : 0) as SortName, isDescending }
}

/** No secret is looked for: it would stand in addresses and logs on the way here. What looks like a JWT is taken for one. */
function searchedFor(q: string): string {
  const isSecret = (part: string): boolean => parseKey(part) !== undefined || /^eyJ[\w-]*\.[\w-]+/.test(part)
  if (!q.split(/[^\w.-]+/).some(isSecret)) return q
  throw new ProblemError(400, 'invalid_request', 'q must not be a credential. Search for the id within it.')
}

/** `{data, next}`: one more than the page was read, to know whether there is a next one. */
export function pageAnswer<T, View>(
  context: PagedContext,
  list: string,
  items: readonly T[],
  idOf: (item: T) => string,
  view: (item: T) => View,
): { data: View[]; next: string | null } {
  const shown = items.slice(0, context.query.limit)
  const last = shown.at(-1)
  const hasMore = items.length > shown.length && last !== undefined
  return { data: shown.map(view), next: hasMore ? cursorOf(context, list, last, idOf(last)) : null }
}

/** The cursor of a chosen order has the place too: what the order goes by may change before the next page is asked for. */
function cursorOf(context: PagedContext, list: string, item: unknown, id: string): string {
  const isOrdered = context.query.sort !== undefined
  const behind = isOrdered ? JSON.stringify({ id, place: placeOf(item as object) }) : id
  const value = Buffer.from(behind).toString('base64url')
  return `${value}.${macOf(context, list, value)}`
}

/** Good for one list of one tenant in one order. */
function macOf({ query, services, tenant }: PagedContext, list: string, value: string): string {
  const of = query.sort === undefined ? [tenant.id, list, value] : [tenant.id, list, value, query.sort]
  const mac = createHmac('sha256', services.master.derive('cursors')).update(JSON.stringify(of)).digest()
  return mac.subarray(0, 16).toString('base64url')
}
