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
export type Draft = { readonly [Name in DraftName]?: string }

export function readDraft(search: Readonly<Record<string, unknown>>): Draft {
  const given = names.flatMap((name) => {
    const value = search[name]
    return typeof value === 'string' && value !== '' ? [[name, value.slice(0, 2_000)]] : []
  })
  return Object.fromEntries(given)
}

export const daysDefault = '90'
const daySeconds = 86_400

/** The end that was chosen, from now; null for never. What is no number of days, in a link of somebody, is the default. */
export function endOf({ days = daysDefault }: Draft, now = Date.now()): string | null {
  if (days === '0') return null
  const count = /^[1-9]\d{0,4}$/.test(days) ? days : daysDefault
  return new Date(now + Number(count) * daySeconds * 1000).toISOString()
}

/** The body of `POST /v1/keys`, checked by nobody but the server. */
export function bodyOf(
  draft: Draft,
  chosen: { readonly clientId: string; readonly audience: string },
): Body<'createKey'> {
  const ipAllow = listOf(draft.ipAllow)
  const originAllow = listOf(draft.originAllow)
  return {
    clientId: chosen.clientId,
    audience: chosen.audience,
    name: (draft.name ?? '').trim(),
    scope: draft.scope ?? '',
    environment: draft.environment === 'test' ? 'test' : 'live',
    expiresAt: endOf(draft),
    ...(ipAllow === undefined ? {} : { ipAllow }),
    ...(originAllow === undefined ? {} : { originAllow }),
    ...(draft.limit === undefined
      ? {}
      : { rateLimit: { limit: Number(draft.limit), windowSeconds: Number(draft.windowSeconds ?? 60) } }),
  }
}

function listOf(value: string | undefined): string[] | undefined {
  const items = (value ?? '').split(/[\s,]+/).filter((item) => item !== '')
  return items.length === 0 ? undefined : items
}
