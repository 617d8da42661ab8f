/**
 * The checks of `doctor` that need no files of the installation: this runtime, the profile, the server as a caller sees
 * it.
 */
import { ApiError } from '@countersign/client'
import type { Seconds } from '@countersign/core'
import { type Connection, connectToServer } from './connection.ts'
import { CommandError } from './exit.ts'
import { findProfileFile } from './profile.ts'

export interface Finding {
  readonly check: string
  readonly outcome: 'ok' | 'warn' | 'fail'
  readonly detail: string
}

const timeoutMs = 5_000
/** Beyond it verifiers report a clock that is off, and `iat` is refused (docs/protocol/credentials.md §4). */
const clockSecondsMax = 10

export function inspectRuntime(): Finding {
  const { node } = process.versions
  const isNew = Number(node.split('.')[0]) >= 24
  const detail = isNew ? `Node ${node}` : `Node ${node} is too old: use 24 or newer`
  return { check: 'runtime', outcome: isNew ? 'ok' : 'fail', detail }
}

export async function inspectServer(now: () => Seconds): Promise<readonly Finding[]> {
  const profile = inspectProfile(process.env)
  let connection: Connection
  try {
    connection = connectToServer()
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    return [profile, { check: 'server', outcome: 'warn', detail: error.message }]
  }
  const reached = await inspectReadiness(connection.issuer, now)
  if (reached[0]?.outcome === 'fail') return [profile, ...reached]
  return [profile, ...reached, await inspectCredential(connection)]
}

/** Where the environment names server and key, as beside `serve`, nothing reads a profile. */
function inspectProfile(environment: Readonly<Record<string, string | undefined>>): Finding {
  const file = findProfileFile(process.cwd())
  if (file !== undefined) return { check: 'profile', outcome: 'ok', detail: file }
  const { COUNTERSIGN_URL: url, COUNTERSIGN_KEY: key, COUNTERSIGN_KEY_FILE: keyFile } = environment
  if (url !== undefined && (key ?? keyFile) !== undefined)
    return { check: 'profile', outcome: 'ok', detail: 'none is needed: server and key come from the environment' }
  const detail = 'no .countersign/profile.json here or above: countersign dev makes one'
  return { check: 'profile', outcome: 'warn', detail }
}

/** `/readyz` stands at the base URL, above every tenant. */
async function inspectReadiness(issuer: string, now: () => Seconds): Promise<readonly Finding[]> {
  const base = issuer.replace(/\/t\/[a-z0-9-]+$/, '')
  const began = now()
  let response: Response
  try {
    response = await fetch(`${base}/readyz`, { redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) })
    await response.body?.cancel()
  } catch {
    const detail = `${issuer} cannot be reached: start it (countersign dev or serve), or mend COUNTERSIGN_URL`
    return [{ check: 'server', outcome: 'fail', detail }]
  }
  const isReady = response.status === 200
  return [
    { check: 'server', outcome: 'ok', detail: `${issuer} answers` },
    {
      check: 'readiness',
      outcome: isReady ? 'ok' : 'fail',
      detail: isReady ? 'ready' : `/readyz answers ${response.status}: the server’s log says why`,
    },
    inspectClock(response.headers.get('date'), began, now()),
  ]
}

/** `Date` has whole seconds, and was written between the two. */
function inspectClock(date: string | null, began: Seconds, ended: Seconds): Finding {
  const check = 'clock'
  const at = date === null ? Number.NaN : Date.parse(date) / 1000
  if (Number.isNaN(at)) return { check, outcome: 'warn', detail: 'the server does not tell its time' }
  const difference = at > ended ? at - ended : at + 1 < began ? at + 1 - began : 0
  const seconds = Math.round(difference)
  if (Math.abs(seconds) <= clockSecondsMax) return { check, outcome: 'ok', detail: `${seconds} s apart` }
  return { check, outcome: 'fail', detail: `${seconds} s between this clock and the server’s: set both by NTP` }
}

async function inspectCredential({ management, issuer }: Connection): Promise<Finding> {
  const check = 'credential'
  try {
    await management.listApis({ query: { limit: 1 } })
    return { check, outcome: 'ok', detail: 'the key works' }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    if (error.status === 403) return { check, outcome: 'ok', detail: 'the key is good, and may not list APIs' }
    const detail =
      error.status === 401
        ? `${issuer} refuses the key: set COUNTERSIGN_KEY to a live one`
        : `${error.code}: ${error.detail}`
    return { check, outcome: 'fail', detail }
  }
}
