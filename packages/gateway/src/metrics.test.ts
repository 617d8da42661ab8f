import { afterAll, expect, it } from 'vitest'
import { createHealthListener } from './health_listener.ts'
import { createGatewayMetrics } from './metrics.ts'
import type { RequestEvent } from './request_event.ts'

const keeper = {
  book: {} as never,
  isFresh: () => true,
  refresh: () => true,
  reach: () => false,
  subscribe: () => () => {},
  now: () => 0,
}
const metrics = createGatewayMetrics({ keeper, version: '1.2.3' })
const listener = createHealthListener({ keeper, metrics })
afterAll(() => void listener.close())

const event = (more: Partial<RequestEvent>): RequestEvent => ({
  method: 'GET',
  path: '/orders/secret-looking',
  status: 200,
  decision: 'verified',
  why: 'api_key key_1 of client_1',
  credentialId: 'key_1',
  clientId: 'client_1',
  durationMs: 30,
  requestId: 'req_1',
  ...more,
})

it('the health listener shows decisions and the upstream’s time, and nothing of who called what', async () => {
  metrics.observe(event({ upstreamMs: 20 }))
  metrics.observe(event({ upstreamMs: 60_000, decision: 'cut' }))
  metrics.observe(event({ decision: 'not_found', status: 404 }))
  await new Promise<void>((listening) => listener.listen(0, '127.0.0.1', listening))
  const answer = await fetch(`http://127.0.0.1:${(listener.address() as { port: number }).port}/metrics?x`)
  const text = await answer.text()
  expect(answer.headers.get('content-type')).toContain('text/plain')
  expect(text).toContain('countersign_gateway_requests_total{decision="verified",status="2xx"} 1')
  expect(text).toContain('countersign_gateway_requests_total{decision="cut",status="2xx"} 1')
  expect(text).toContain('countersign_gateway_requests_total{decision="not_found",status="4xx"} 1')
  // A tunnel that was cut after an hour is no slow upstream; a refusal never went there.
  expect(text).toContain('countersign_gateway_upstream_duration_seconds_count{status="2xx"} 1')
  expect(text).toContain('countersign_gateway_build_info{version="1.2.3"')
  for (const name of ['secret', 'key_1', 'client_1']) expect(text).not.toContain(name)
})

it('without metrics the path is not there', async () => {
  const bare = createHealthListener({ keeper })
  await new Promise<void>((listening) => bare.listen(0, '127.0.0.1', listening))
  const { status } = await fetch(`http://127.0.0.1:${(bare.address() as { port: number }).port}/metrics`)
  expect(status).toBe(404)
  bare.close()
})
