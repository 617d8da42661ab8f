import type { RequestEvent } from '@countersign/gateway'
import { expect, it } from 'vitest'
import { createGatewayLog } from './log.ts'

const event: RequestEvent = {
  method: 'GET',
  path: '/orders/7',
  route: '/orders/{id}',
  status: 401,
  decision: 'unknown',
  why: 'no such credential here',
  durationMs: 1,
  requestId: 'req_1',
  address: '192.0.2.7',
}

function create(requests: 'refused' | 'all' | 'none', asJson = false) {
  const lines: string[] = []
  const timers: (() => void)[] = []
  const schedule = (_: number, run: () => void) => timers.push(run)
  const log = createGatewayLog({ requests, asJson, write: (line) => lines.push(line), nowMs: () => 0, schedule })
  return { lines, timers, log }
}

it.each([
  ['refused', [401, 403, 404, 405, 429, 500, 502]],
  ['all', [200, 400, 401, 403, 404, 405, 429, 500, 502]],
  ['none', [500, 502]],
] as const)('%s has a line for these statuses', (requests, expected) => {
  const { lines, log } = create(requests, true)
  for (const status of [200, 400, 401, 403, 404, 405, 429, 500, 502]) log({ ...event, status, decision: 'verified' })
  expect(lines.map((line) => JSON.parse(line).status)).toEqual(expected)
})

it('a line says what was decided, why, for whom, and under which ids', () => {
  const { lines, log } = create('refused')
  log({ ...event, callerRequestId: 'trace/1' })
  expect(lines).toEqual(['GET /orders/7  401 unknown  no such credential here  192.0.2.7  req_1 (trace/1)'])
  const json = create('refused', true)
  json.log(event)
  const expected = { ...event, time: '1970-01-01T00:00:00.000Z', msg: 'request', code: 'unknown' }
  expect(JSON.parse(json.lines[0]!)).toEqual(expected)
})

it('one address has 20 lines a second for one code, and the rest is one line', () => {
  const { lines, timers, log } = create('refused')
  for (let count = 0; count < 50; count++) log(event)
  expect(lines).toHaveLength(20)
  timers[0]?.()
  expect(lines.at(-1)).toBe('requests left out of the log: 30 unknown')
})
