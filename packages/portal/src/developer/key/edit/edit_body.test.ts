import { expect, it } from 'vitest'
import { editBodyOf, formOf } from './edit_body.ts'
import { readEdit } from './read_edit.ts'

const key = {
  name: 'Worker',
  scope: 'orders:read orders:write',
  expiresAt: '2027-01-01T00:00:00Z',
  ipAllow: ['10.0.0.0/8'],
  originAllow: null,
  rateLimit: { limit: 5, windowSeconds: 60 },
  metadata: { note: 'in the vault', owner: 'billing' },
}

it('an untouched form, and one that says the same in other words, changes nothing', () => {
  expect(editBodyOf(key, {})).toEqual({})
  expect(editBodyOf(key, formOf(key))).toEqual({})
  const same = { name: ' Worker ', scope: 'orders:write orders:read', ipAllow: ' 10.0.0.0/8, ', days: 'x' }
  expect(editBodyOf(key, same)).toEqual({})
  expect(editBodyOf({ ...key, expiresAt: null }, { days: '0' })).toEqual({})
})

it('only the members that differ are sent, an emptied one as null, and other metadata stays', () => {
  const now = Date.parse('2026-11-30T00:00:00Z')
  expect(editBodyOf(key, { name: 'Other' })).toEqual({ name: 'Other' })
  expect(editBodyOf(key, { scope: 'orders:read', days: '7' }, now)).toEqual({
    scope: 'orders:read',
    expiresAt: '2026-12-07T00:00:00.000Z',
  })
  expect(editBodyOf(key, { scope: '', days: '0', ipAllow: '', limit: '' })).toEqual({
    scope: '',
    expiresAt: null,
    ipAllow: null,
    rateLimit: null,
  })
  expect(editBodyOf(key, { windowSeconds: '10', originAllow: 'https://a.example' })).toEqual({
    originAllow: ['https://a.example'],
    rateLimit: { limit: 5, windowSeconds: 10 },
  })
  expect(editBodyOf(key, { note: 'moved' })).toEqual({ metadata: { note: 'moved', owner: 'billing' } })
  expect(editBodyOf(key, { note: '' })).toEqual({ metadata: { owner: 'billing' } })
  expect(editBodyOf({ ...key, metadata: {} }, { note: 'new' })).toEqual({})
})

it('an address keeps what was emptied, and no sign that hides what it says', () => {
  expect(readEdit({ ipAllow: '', name: 'a\u202eb', other: 'x', scope: 7 })).toEqual({ ipAllow: '', name: 'a b' })
})
