import { expect, test } from 'vitest'
import {
  ancestorTypes,
  clientSecretId,
  clientTokenId,
  credentialIdentity,
  formatAncestor,
  isLineageWithinLimit,
  ownName,
  parseAncestor,
  publicKeyId,
  splitClientObjectId,
  tokenIdentity,
} from './identity.ts'
import { limits } from './limits.ts'

const name = { credentialId: 'it', clientId: 'client_x' }

test('each kind of credential is one object of the feed', () => {
  expect(credentialIdentity({ kind: 'api_key', format: 'opaque', ...name })).toEqual({ type: 'key', id: 'it' })
  expect(credentialIdentity({ kind: 'access_token', format: 'jwt', ...name })).toEqual(tokenIdentity('jwt', 'it'))
  expect(credentialIdentity({ kind: 'access_token', format: 'opaque', ...name })).toEqual(tokenIdentity('opaque', 'it'))
  expect(credentialIdentity({ kind: 'self_issued_jwt', format: 'jwt', ...name })).toEqual({
    type: 'client_token',
    id: clientTokenId('client_x', 'it'),
  })
  expect([tokenIdentity('jwt', 'it').type, tokenIdentity('opaque', 'it').type]).toEqual(['token', 'opaque_token'])
})

test('an id that begins with its client is split where it was joined, also when the rest holds spaces', () => {
  for (const id of [
    clientTokenId('client_x', 'a b  c'),
    publicKeyId('client_x', 'a b  c'),
    clientSecretId('client_x', 'a b  c'),
  ]) {
    expect(splitClientObjectId(id)).toEqual({ clientId: 'client_x', name: 'a b  c' })
  }
  expect(ownName({ type: 'client_token', id: clientTokenId('client_x', 'a b') })).toBe('a b')
  expect(ownName({ type: 'token', id: 'a b' })).toBe('a b')
})

test('an ancestor is written with its type and read back; anything else is refused', () => {
  for (const type of ancestorTypes) {
    const ancestor = { type, id: 'client_x a:b c' }
    expect(parseAncestor(formatAncestor(ancestor))).toEqual(ancestor)
  }
  for (const text of ['', 'x', 'grant', 'other:1']) expect(parseAncestor(text)).toBeUndefined()
})

test('a lineage has at most four ancestors that count, and beside them one public key, family and consent', () => {
  const ancestors = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ type: 'token', id: `t${at}` }) as const)
  const signer = { type: 'public_key', id: publicKeyId('client_x', 'a') } as const
  expect(isLineageWithinLimit([])).toBe(true)
  expect(isLineageWithinLimit([...ancestors(limits.lineageMax), signer])).toBe(true)
  const beside = [signer, { type: 'family', id: 'f' }, { type: 'consent', id: 'c' }] as const
  expect(isLineageWithinLimit([...ancestors(limits.lineageMax), ...beside])).toBe(true)
  expect(isLineageWithinLimit([...beside, { type: 'family', id: 'g' }])).toBe(false)
  expect(isLineageWithinLimit(ancestors(limits.lineageMax + 1))).toBe(false)
  expect(isLineageWithinLimit([...ancestors(1), signer, signer])).toBe(false)
})
