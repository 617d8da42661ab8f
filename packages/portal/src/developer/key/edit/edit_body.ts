/** The form of a key that is there, and the body that changes it: only the members that differ. */
import type { Body } from '@countersign/client'
import type { Key } from '../../../shared/api/queries.ts'
import { endOf, isDays, listOf, windowDefault } from '../../new/draft.ts'
import { tokensOf } from '../scope_use.ts'
import type { Edit, EditName } from './read_edit.ts'

type Edited = Pick<Key, 'name' | 'scope' | 'expiresAt' | 'ipAllow' | 'originAllow' | 'rateLimit' | 'metadata'>

/** The note of where the key lives, for those that have one. */
export function noteOf({ metadata }: Pick<Key, 'metadata'>): string | undefined {
  const { note } = metadata
  return typeof note === 'string' ? note : undefined
}

/** The texts of a form, each of which stands there. */
export type EditForm = { readonly [Name in EditName]: string }

/** The texts of the form, as far as somebody has changed them. `days`: empty where the end stays. */
export function formOf(key: Edited, edit: Edit = {}): EditForm {
  const changed = Object.fromEntries(Object.entries(edit).filter(([, value]) => value !== undefined))
  return {
    name: key.name,
    note: noteOf(key) ?? '',
    scope: key.scope,
    days: '',
    ipAllow: (key.ipAllow ?? []).join(' '),
    originAllow: (key.originAllow ?? []).join(' '),
    limit: String(key.rateLimit?.limit ?? ''),
    windowSeconds: String(key.rateLimit?.windowSeconds ?? windowDefault),
    ...changed,
  }
}

/** The body of `PATCH /v1/keys/{id}`, empty where nothing differs. Checked by nobody but the server. */
export function editBodyOf(key: Edited, edit: Edit, now = Date.now()): Body<'updateKey'> {
  const form = formOf(key, edit)
  const name = form.name.trim()
  const end = isDays(form.days) ? endOf(form, now) : key.expiresAt
  const ipAllow = listOf(form.ipAllow) ?? null
  const originAllow = listOf(form.originAllow) ?? null
  const rateLimit = rateOf(form)
  return {
    ...(name === key.name ? {} : { name }),
    ...(isSame(tokensOf(form.scope).toSorted(), tokensOf(key.scope).toSorted()) ? {} : { scope: form.scope }),
    ...(end === key.expiresAt ? {} : { expiresAt: end }),
    ...(isSame(ipAllow, key.ipAllow) ? {} : { ipAllow }),
    ...(isSame(originAllow, key.originAllow) ? {} : { originAllow }),
    ...(rateLimit?.limit === key.rateLimit?.limit && rateLimit?.windowSeconds === key.rateLimit?.windowSeconds
      ? {}
      : { rateLimit }),
    ...metadataOf(key, form.note),
  }
}

function rateOf({ limit, windowSeconds }: { readonly limit: string; readonly windowSeconds: string }) {
  return limit.trim() === '' ? null : { limit: Number(limit), windowSeconds: Number(windowSeconds) }
}

/** The other members of the metadata stay. A key without a note is given none. */
function metadataOf(key: Edited, note: string): Pick<Body<'updateKey'>, 'metadata'> {
  const before = noteOf(key)
  if (before === undefined || before === note) return {}
  const { note: _, ...rest } = key.metadata
  return { metadata: note === '' ? rest : { ...rest, note } }
}

function isSame(one: readonly string[] | null, other: readonly string[] | null): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
