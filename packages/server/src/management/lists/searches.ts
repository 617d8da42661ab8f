/** Lists that are searched, or ordered by what no index has: they look at all that the caller may see. */
import type { Page } from '@countersign/store'
import { createRoom } from '@countersign/verifier/engine'
import { shareOf } from '../../caller/caller.ts'
import { ProblemError } from '../../http/problem.ts'
import { serverLimits } from '../../limits.ts'
import type { ReadContext } from '../context.ts'

const room = createRoom(serverLimits.searchesMax, serverLimits.searchWaitMs)

/** Reads the page once there is room for it, where it needs any. 503 where there is none in time. */
export async function inSearchRoom<T>(context: ReadContext, { q, sort }: Page, read: () => Promise<T>): Promise<T> {
  if (q === undefined && (sort === undefined || sort.by === 'createdAt')) return read()
  const holder = shareOf(context.tenant, context.caller)
  if (!(await room.enter(holder))) {
    const detail = 'Other lists are being searched. Try again.'
    throw new ProblemError(503, 'unavailable', detail, { headers: { 'Retry-After': '1' } })
  }
  try {
    return await read()
  } finally {
    room.leave(holder)
  }
}
