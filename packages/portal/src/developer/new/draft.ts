/** The draft of a key. It lives in the address, so a reload, a sign-in or a link brings it back; nothing in it is secret. */
import type { Body } from '@countersign/client'

const names = [
  'name',
  'environment',
  'clientId',
  'audience',
  'scope',
  'days',
  'ipAllow',
  'originAllow',
  'limit',
  'windowSeconds',
] as const

export type DraftName = (typeof names)[number]
/** The members that somebody has chosen; the rest has its default. */
export type Draft = { readonly [Name in DraftName]?: string | undefined }

/** Anybody can write the address: control characters, also those that turn the direction, would hide what a sample does. */
const hidden = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu

export function readDraft(search: Readonly<Record<string, unknown>>): Draft {
  const read = names.map((name) => {
    const value = search[name]
    const text = typeof value === 'string' ? cleanText(value) : ''
    return [name, text === '' ? undefined : text]
  })
  return Object.fromEntries(read)
}

/** A text of the address, as far as a form takes it. */
export function cleanText(value: string): string {
  return value.replace(hidden, ' ').slice(0, 2_000)
}

const daysDefault = 90
const daySeconds = 86_400

/** 0 for never. What is no number of days, in a link of somebody, is the default. */
export function daysOf({ days = '' }: Draft): number {
  return isDays(days) ? Number(days) : daysDefault
}

export function isDays(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text)
}

/** The end that was chosen, from now; null for never. */
export function endOf(draft: Draft, now = Date.now()): string | null {
  const days = daysOf(draft)
  return days === 0 ? null : new Date(now + days * daySeconds * 1000).toISOString()
}

export const windowDefault = '60'

/** The members that narrow the key: those alone that were given. */
export function limitsOf({ ipAllow, originAllow, limit, windowSeconds = windowDefault }: Draft) {
  const [addresses, origins] = [listOf(ipAllow), listOf(originAllow)]
  return {
    ...(addresses === undefined ? {} : { ipAllow: addresses }),
    ...(origins === undefined ? {} : { originAllow: origins }),
    ...(limit === undefined ? {} : { rateLimit: { limit: Number(limit), windowSeconds: Number(windowSeconds) } }),
  }
}

/** The body of `POST /v1/keys`, checked by nobody but the server. */
export function bodyOf(
  draft: Draft,
  chosen: { readonly clientId: string; readonly audience: string },
): Body<'createKey'> & { readonly scope: string } {
  return {
    clientId: chosen.clientId,
    audience: chosen.audience,
    name: (draft.name ?? '').trim(),
    scope: draft.scope ?? '',
    environment: draft.environment === 'test' ? 'test' : 'live',
    expiresAt: endOf(draft),
    ...limitsOf(draft),
  }
}

/** The items of a line, with spaces or commas between them; `undefined` for none. */
export function listOf(value: string | undefined): string[] | undefined {
  const items = (value ?? '').split(/[\s,]+/).filter((item) => item !== '')
  return items.length === 0 ? undefined : items
}
