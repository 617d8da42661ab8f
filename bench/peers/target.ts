import type { Question } from '../connection.ts'

/** One question over HTTP, what its answer must hold, and the same question with credentials that must not be accepted. */
export interface Target extends Question {
  /** Part of every right answer's body; its status must be 200. */
  readonly holds: string
  /** Absent where nothing is verified: a bare server, an open proxy. */
  readonly refused?: readonly Changed[]
}

/** In place of the target's own. */
export interface Changed {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** A target that accepts everything or nothing is not measured: the right question once, and each wrong one. */
export async function requireHonest(name: string, target: Target): Promise<void> {
  const right = await ask(target)
  if (!isRight(target, right.status, right.text)) throw new Error(`${name} answered ${right.status}: ${right.text}`)
  for (const changed of target.refused ?? []) {
    const wrong = await ask({ ...target, ...changed })
    if (isRight(target, wrong.status, wrong.text)) throw new Error(`${name} accepted a credential that does not hold`)
  }
}

export function isRight(target: Target, status: number, body: string): boolean {
  return status === 200 && body.includes(target.holds)
}

/** `application/x-www-form-urlencoded`, as the OAuth endpoints take it. */
export function formTarget(url: string, fields: Readonly<Record<string, string>>, holds: string): Target {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return { url, method: 'POST', headers, body: new URLSearchParams(fields).toString(), holds }
}

/** The same form with one field changed so that it must be refused. */
export function refusingForm(target: Target, field: string, value: string): Target {
  return { ...target, refused: [{ body: withField(target, field, value).body }] }
}

export function withField(target: Target, field: string, value: string): Target & { readonly body: string } {
  const form = new URLSearchParams(target.body)
  form.set(field, value)
  return { ...target, body: form.toString() }
}

/** A credential of the right shape that was never issued: its last characters are others. */
export function falsify(credential: string): string {
  const tail = credential.slice(-12)
  const turned = [...tail].map((character) => (character === 'A' ? 'B' : 'A')).join('')
  return `${credential.slice(0, -12)}${turned}`
}

export async function ask({
  url,
  method,
  headers,
  body,
}: Target): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) })
  return { status: response.status, text: await response.text() }
}
