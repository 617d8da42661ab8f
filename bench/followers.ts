/** Many SDKs that follow one server: how soon the last of them has a revocation, and how they come back after a restart. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { audience, startInstallation } from './installation.ts'
import type { Figure } from './run.ts'

const followers = Number(process.env.FOLLOWERS ?? 1_000)
const perSecond = Number(process.env.REVOCATIONS ?? 100)
const seconds = Number(process.env.SECONDS ?? 60)
const processes = 2
const receiptMsMax = 12_000

export async function benchFollowers(): Promise<readonly Figure[]> {
  const installation = await startInstallation()
  const { call, clientId, url, verifierKey } = installation
  const keys: string[] = []
  for (let made = 0; made < perSecond * seconds; made++) {
    const key = await call('POST', '/v1/keys', { clientId, audience, scope: 'orders:read', name: 'k' })
    keys.push(key.id as string)
  }
  const groups = await Promise.all(
    Array.from({ length: processes }, () => startGroup(url, verifierKey, followers / processes)),
  )
  const acknowledgedAt = new Map<number, number>()
  const beganAt = performance.now()
  const open: Promise<void>[] = []
  for (const [index, id] of keys.entries()) {
    // Open loop: at its time, whatever became of the ones before.
    const leftMs = beganAt + (index * 1_000) / perSecond - performance.now()
    if (leftMs > 0) await wait(leftMs)
    open.push(
      call('POST', `/v1/keys/${id}/revoke`).then(({ feedSequence }) => {
        acknowledgedAt.set(Number(feedSequence), performance.timeOrigin + performance.now())
      }),
    )
  }
  await Promise.all(open)
  const tookSeconds = (performance.now() - beganAt) / 1000
  const last = Math.max(...acknowledgedAt.keys())
  const { complete, afterMs } = await receiptOf(() => call('GET', `/v1/revocations/${last}`))
  const applied = await Promise.all(groups.map((group) => group.ask<AppliedAt>('applied')))
  const delays = [...acknowledgedAt].map(([sequence, at]) =>
    Math.max(...applied.map((each) => (each[sequence] ?? Number.POSITIVE_INFINITY) - at)),
  )
  delays.sort((a, b) => a - b)
  for (const group of groups) group.stop()
  await installation.stop()
  const name = `${followers.toLocaleString('en')} followers, ${perSecond} revocations/s`
  return [
    { name: `${name}: acknowledged`, value: keys.length / tookSeconds, unit: '/s' },
    { name: `${name}: p50 to the last of them`, value: at(delays, 0.5), unit: 'ms', goal: { atMost: 50 } },
    { name: `${name}: p99 to the last of them`, value: at(delays, 0.99), unit: 'ms', goal: { atMost: 250 } },
    {
      name: `${name}: verifiers in the last receipt that have it`,
      value: complete,
      unit: '',
      goal: { atLeast: followers },
    },
    { name: `${name}: until it was complete, after the last revocation`, value: afterMs, unit: 'ms' },
  ]
}

interface Receipt {
  readonly complete: boolean
  readonly verifiers: readonly { readonly appliedAt: string | null }[]
}

/** Verifiers report what they have applied with a question of their own, within about two seconds. */
async function receiptOf(
  ask: () => Promise<unknown>,
): Promise<{ readonly complete: number; readonly afterMs: number }> {
  const beganAt = performance.now()
  for (;;) {
    const { verifiers } = (await ask()) as Receipt
    const complete = verifiers.filter(({ appliedAt }) => appliedAt !== null).length
    const afterMs = performance.now() - beganAt
    if (complete >= followers || afterMs > receiptMsMax) return { complete, afterMs }
    await wait(100)
  }
}

type AppliedAt = Readonly<Record<number, number>>

interface Group {
  ask<T>(question: string): Promise<T>
  stop(): void
}

async function startGroup(url: string, credential: string, count: number): Promise<Group> {
  const script = fileURLToPath(new URL('./followers_group.ts', import.meta.url))
  const child: ChildProcess = spawn(process.execPath, [script, url, credential, String(count)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout as NonNullable<ChildProcess['stdout']> })[Symbol.asyncIterator]()
  // Told when all of them are fresh.
  await lines.next()
  return {
    async ask(question) {
      child.stdin?.write(`${question}\n`)
      return JSON.parse((await lines.next()).value as string)
    },
    stop: () => void child.kill(),
  }
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}
