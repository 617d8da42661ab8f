import type { ReserveState } from '@countersign/store'
import type { Services, TenantContext } from '../context.ts'
import { type Answer, json } from '../http/answer.ts'
import type { HttpRequest } from '../http/request.ts'

/** `GET /healthz`: the process answers. */
export function healthz(): Answer {
  return json(200, { status: 'ok' })
}

/**
 * `GET /readyz`: database, migrations (the store opened, so they ran), a fresh book and a key that signs. That limits are
 * counted per process is said, or that the disk is full, and no reason to send requests elsewhere: the next server may count alone as well.
 */
export async function readyz(
  services: Pick<Services, 'books' | 'limiter' | 'signingKeys' | 'store'>,
  tenant: TenantContext,
): Promise<Answer> {
  const checks: Record<string, boolean> = {
    database: await holds(() => services.store.ping()),
    book: services.books.isFresh() || (await services.books.poll()),
    signingKey: await holds(async () => services.signingKeys.signer(tenant.id, 'ES256', 'access_token')),
  }
  const isReady = Object.values(checks).every(Boolean)
  // Full, it still verifies and revokes: to send requests elsewhere would help nobody.
  const reserve = reserveOf(services)
  const isDegraded = reserve === 'given_up' || reserve === 'missing'
  const status = isReady ? (isDegraded ? 'degraded' : 'ready') : 'not ready'
  return json(
    isReady ? 200 : 503,
    {
      status,
      checks,
      ...(isDegraded ? { disk: reserve } : {}),
      limits: services.limiter.isShared() ? 'shared' : 'per process',
    },
    isReady ? {} : { 'Retry-After': '1' },
  )
}

/** Without a database there is none to tell of, and that is said above. */
function reserveOf({ store }: Pick<Services, 'store'>): ReserveState {
  try {
    return store.load().disk?.reserve ?? 'none'
  } catch {
    return 'none'
  }
}

/** `GET /metrics`: Prometheus text, with bounded labels. */
export async function metrics(services: Pick<Services, 'metrics'>, _exchange: HttpRequest): Promise<Answer> {
  return {
    status: 200,
    headers: { 'Content-Type': services.metrics.contentType, 'Cache-Control': 'no-store' },
    body: await services.metrics.text(),
  }
}

async function holds(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return true
  } catch {
    return false
  }
}
