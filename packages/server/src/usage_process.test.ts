/** Usage over real processes: what a kill -9 may cost, and what an SDK reports across a restart. */

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { generateKey } from '@countersign/core'
import { createVerifier } from '@countersign/verifier'
import { afterAll, expect, it, vi } from 'vitest'
import { freePort } from '../../../scripts/free_port.ts'

const program = fileURLToPath(new URL('../../cli/bin/countersign.mjs', import.meta.url))
const adminKey = generateKey({
  prefix: 'cs',
  marker: 'live',
  randomBytes: (count) => new Uint8Array(count).fill(9),
}).text
const audience = 'https://orders.test'

const closing: (() => Promise<unknown> | undefined)[] = []
afterAll(async () => {
  for (const close of closing.reverse()) await close()
})

interface Installation {
  readonly url: string
  readonly key: { readonly id: string; readonly key: string }
  /** May verify for the audience, and no more. */
  readonly verifierKey: string
  start(): Promise<void>
  /** Its exit code; `null` when it was killed. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>
  call(method: string, path: string, body?: object): Promise<Record<string, unknown>>
  /** How often the key was verified, as the server tells. */
  counted(): Promise<number>
}

async function install(): Promise<Installation> {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-usage-'))
  closing.push(async () => rmSync(directory, { recursive: true, force: true }))
  const port = await freePort()
  const url = `http://localhost:${port}`
  let end: Installation['end'] = async () => null

  async function start(): Promise<void> {
    const child = spawn(process.execPath, [program, 'serve', '--json'], {
      env: {
        PATH: process.env.PATH,
        COUNTERSIGN_URL: url,
        COUNTERSIGN_LISTEN: `127.0.0.1:${port}`,
        COUNTERSIGN_DATABASE: `sqlite:${join(directory, 'countersign.db')}`,
        COUNTERSIGN_ADMIN_KEY: adminKey,
        COUNTERSIGN_LOG_LEVEL: 'error',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
    end = (signal) => {
      child.kill(signal)
      return ended
    }
    await new Promise<void>((resolve, reject) => {
      child.stdout.once('data', () => resolve())
      child.once('close', () => reject(new Error('serve ended')))
    })
  }

  async function call(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const answer = (await response.json()) as Record<string, unknown>
    expect(response.status, JSON.stringify(answer)).toBeLessThan(300)
    return answer
  }

  await start()
  closing.push(() => end('SIGKILL'))
  await call('POST', '/v1/apis', { audience, name: 'Orders' })
  const keyOf = async (access: { audience: string; scope: string }, guards: readonly string[]) => {
    const client = await call('POST', '/v1/clients', { name: 'c', type: 'service', access: [access], guards })
    return call('POST', '/v1/keys', { clientId: client.clientId, ...access, name: 'k' })
  }
  const key = (await keyOf({ audience, scope: 'orders:read' }, [])) as unknown as Installation['key']
  const verifierKey = String((await keyOf({ audience: `${url}/v1`, scope: 'credentials:verify' }, [audience])).key)
  return {
    url,
    key,
    verifierKey,
    start,
    end: (signal) => end(signal),
    call,
    async counted() {
      const { data } = await call('GET', `/v1/usage?keyId=${key.id}&interval=day`)
      return (data as { count: number }[]).reduce((sum, { count }) => sum + count, 0)
    },
  }
}

it('kill -9 of a server under load loses no count that was shown, SIGTERM none at all, and neither counts twice', async () => {
  const { key, start, end, call, counted } = await install()
  let asked = 0
  const load = async (): Promise<void> => {
    for (;;) {
      asked++
      await call('POST', '/v1/verify', { credential: key.key, audience })
    }
  }
  const loads = Promise.allSettled([load(), load(), load()])
  // Counts that were written before the load ended, and some since.
  let shown = 0
  for (const least of [1, 10, 100]) {
    shown = await vi.waitFor(
      async () => {
        const count = await counted()
        expect(count).toBeGreaterThanOrEqual(least)
        return count
      },
      { timeout: 20_000, interval: 50 },
    )
  }
  await end('SIGKILL')
  await loads
  await start()
  const afterKill = await counted()
  expect(afterKill).toBeGreaterThanOrEqual(shown)
  expect(afterKill).toBeLessThanOrEqual(asked)
  for (let index = 0; index < 20; index++) await call('POST', '/v1/verify', { credential: key.key, audience })
  expect(await end('SIGTERM')).toBe(0)
  await start()
  expect(await counted()).toBe(afterKill + 20)
}, 60_000)

it('an SDK with a key that may only verify reports by itself, and exactly once across a server that is killed', async () => {
  const { url, key, verifierKey, start, end, counted, call } = await install()
  const create = (usage: boolean) =>
    createVerifier({ issuer: url, audience, credential: verifierKey, maxStalenessSeconds: 60, usage })
  const verifier = create(true)
  const silent = create(false)
  await Promise.all([verifier.ready(), silent.ready()])
  const verify = async (times: number, by = verifier): Promise<void> => {
    for (let index = 0; index < times; index++) expect(await by.verify(key.key)).toMatchObject({ outcome: 'verified' })
  }
  await verify(5)
  await vi.waitFor(async () => expect(await counted()).toBe(5), { timeout: 20_000, interval: 50 })
  await end('SIGKILL')
  await verify(7)
  await wait(2_500)
  await start()
  await vi.waitFor(async () => expect(await counted()).toBe(12), { timeout: 30_000, interval: 100 })
  await verify(3)
  await verify(100, silent)
  await Promise.all([verifier.close(), silent.close()])
  expect(await counted()).toBe(15)
  const shown = await call('GET', `/v1/keys/${key.id}`)
  expect(shown.lastUsedAt).toMatch(/Z$/)
}, 60_000)
