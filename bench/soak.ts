/**
 * Ten minutes of mixed load with one request in twenty wrong and a new signing key each minute: nothing may grow once the
 * caches are full, which at this rate they are before half of the time.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { audience, startInstallation } from './installation.ts'
import type { Figure } from './run.ts'

const minutes = Number(process.env.MINUTES ?? 10)
const perSecond = Number(process.env.RATE ?? 450)

export async function benchSoak(): Promise<readonly Figure[]> {
  // A key is published ten minutes before it signs: each minute the clock is moved on by those.
  let aheadSeconds = 0
  const installation = await startInstallation({ now: () => Date.now() / 1000 + aheadSeconds })
  const { url, call, clientId, clientSecret, verifierKey, server, stop } = installation
  const made = await call('POST', '/v1/keys', { clientId, audience, scope: 'orders:read', name: 'k' })
  const key = made.key as string
  const grant = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret }
  const asVerifier = { authorization: `Bearer ${verifierKey}`, 'content-type': 'application/json' }
  const verify = (credential: string): Promise<Response> =>
    fetch(`${url}/v1/verify`, { method: 'POST', headers: asVerifier, body: JSON.stringify({ credential, audience }) })
  const token = (secret: string): Promise<Response> =>
    fetch(`${url}/oauth/token`, { method: 'POST', body: new URLSearchParams({ ...grant, client_secret: secret }) })

  let unexpected = 0
  let rotations = 0
  let requests = 0
  const expectStatus = async (answer: Promise<Response>, status: number): Promise<string> => {
    const response = await answer
    const text = await response.text()
    requests += 1
    if (response.status !== status) unexpected += 1
    return text
  }
  /** One round of twenty requests, one of them wrong. */
  const round = async (index: number): Promise<void> => {
    if (index % 20 === 0) {
      await expectStatus(token(`${clientSecret.slice(0, -1)}x`), 401)
      return
    }
    if (index % 4 !== 0) {
      if (!(await expectStatus(verify(key), 200)).includes('"active":true')) unexpected += 1
      return
    }
    const issued = JSON.parse(await expectStatus(token(clientSecret), 200)) as { readonly access_token: string }
    if (!(await expectStatus(verify(issued.access_token), 200)).includes('"active":true')) unexpected += 1
  }
  server.services.failures.isLeft = () => true

  const samples: { readonly minute: number; readonly rssMb: number }[] = []
  const beganAt = performance.now()
  let nextRotationAt = 60_000
  let index = 0
  const running = new Set<Promise<void>>()
  for (;;) {
    const elapsed = performance.now() - beganAt
    if (elapsed > minutes * 60_000) break
    if (elapsed > nextRotationAt) {
      nextRotationAt += 60_000
      aheadSeconds += 601
      rotations += 1
      await call('POST', '/v1/signing-keys/rotate', {}).catch(() => {
        unexpected += 1
      })
    }
    while (index < (elapsed / 1000) * perSecond && running.size < 100) {
      const one = round(index++).catch(() => {
        unexpected += 1
      })
      running.add(one)
      void one.then(() => running.delete(one))
    }
    if (elapsed / 2_000 > samples.length) {
      samples.push({ minute: elapsed / 60_000, rssMb: process.memoryUsage.rss() / 1_048_576 })
    }
    await wait(5)
  }
  await Promise.all(running)
  await stop()
  const half = samples.filter(({ minute }) => minute >= minutes / 2)
  const name = `${minutes} minutes of mixed load, 5 % wrong, a new signing key each minute`
  return [
    { name: `${name}: requests`, value: requests, unit: '' },
    { name: `${name}: rotations`, value: rotations, unit: '' },
    { name: `${name}: answers that were not asked for`, value: unexpected, unit: '', goal: { atMost: 0 } },
    { name: `${name}: growth after the first half`, value: slopeOf(half), unit: 'MB/h', goal: { atMost: 60 } },
  ]
}

/** Least squares, in MB an hour: single samples rise and fall with the garbage collector. */
function slopeOf(samples: readonly { readonly minute: number; readonly rssMb: number }[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const minute = mean(samples.map((sample) => sample.minute))
  const rss = mean(samples.map((sample) => sample.rssMb))
  const above = samples.reduce((sum, each) => sum + (each.minute - minute) * (each.rssMb - rss), 0)
  return (above / samples.reduce((sum, each) => sum + (each.minute - minute) ** 2, 0)) * 60
}
