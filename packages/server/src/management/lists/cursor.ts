import { createHmac, timingSafeEqual } from 'node:crypto'
import { parseKey } from '@countersign/core'
import type { Page, Sort, SortName } from '@countersign/store'
import { ProblemError } from '../http/problem.ts'
import type { ReadContext } from './context.ts'

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
  const expected = Buffer.from(`${value}.${macOf(context, list, value).toString('base64url')}`)
  const given = Buffer.from(after)
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new ProblemError(400, 'invalid_request', 'after must be the `next` of a page of this list.')
  }
  return { ...page, after: Buffer.from(value, 'base64url').toString('utf8') }
}

function sortOf(text: string): Sort {
  const isDescending = text.startsWith('-')
  return { by: text.slice(isDescending ? 1 : 0) as SortName, isDescending }
}

/** No secret is looked for: it would stand in addresses and logs on the way here. */
function searchedFor(q: string): string {
  if (parseKey(q.trim()) === undefined) return q
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
  return { data: shown.map(view), next: hasMore ? cursorOf(context, list, idOf(last)) : null }
}

function cursorOf(context: PagedContext, list: string, id: string): string {
  const value = Buffer.from(id).toString('base64url')
  return `${value}.${macOf(context, list, value).toString('base64url')}`
}

function macOf(context: PagedContext, list: string, value: string): Buffer {
  const { services, tenant } = context
  return createHmac('sha256', services.master.derive('cursors'))
    .update(JSON.stringify([tenant.id, list, value]))
    .digest()
    .subarray(0, 16)
}
