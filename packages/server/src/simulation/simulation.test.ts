/**
 * The bound of docs/protocol/feed.md, held by the real code of servers and verifiers under every fault the model knows. A
 * finding names the seed that brings it back.
 */
import { expect, inject, it } from 'vitest'
import * as parts from './parts.ts'
import { run } from './run.ts'
import type { Finding } from './world.ts'

const seeds = inject('isFull') ? 10_000 : 100
/** Seeds beyond these that found a flaw once. */
const found = [1871, 3212, 8521]
// About 60 ms each on a machine that does nothing else.
const timeoutMs = 60_000 + seeds * 600

it(`nothing is accepted on a state older than the bound, and all is well after faults stop: ${seeds} runs`, {
  timeout: timeoutMs,
}, async () => {
  const tally = { accepted: 0, refused: 0, unavailable: 0 }
  const findings: Finding[] = []
  const more = found.filter((seed) => seed > seeds)
  for (const seed of [...Array.from({ length: seeds }, (_, index) => index + 1), ...more]) {
    const finding = await run(seed, parts, undefined, tally)
    if (finding !== undefined) findings.push(finding)
  }
  expect(findings).toEqual([])
  // A simulation in which nearly everything is unavailable proves nothing.
  expect(tally.accepted).toBeGreaterThan(seeds * 50)
  expect(tally.refused).toBeGreaterThan(seeds * 50)
  expect(tally.unavailable).toBeGreaterThan(seeds * 10)
})

it('a seed is the same run every time', async () => {
  const once = { accepted: 0, refused: 0, unavailable: 0 }
  const again = { accepted: 0, refused: 0, unavailable: 0 }
  for (const seed of [1, 2, 3]) {
    await run(seed, parts, undefined, once)
    await run(seed, parts, undefined, again)
  }
  expect(again).toEqual(once)
})
