import { limits } from '@countersign/core'
import { expect, it } from 'vitest'
import { newApi } from './api.ts'

const made = { now: 1000.9, randomBytes: (count: number) => new Uint8Array(count).fill(7) }
const draft = { tenant: 'acme', audience: 'https://orders.example', name: 'Orders', tokenTtlSeconds: 60, scopes: [] }

it('a new API is active, and members that its maker leaves out have their defaults', () => {
  expect(newApi({ ...draft, tokenFormat: undefined }, made)).toEqual({
    ...draft,
    id: expect.stringMatching(/^api_[0-9A-Za-z]{16}$/),
    status: 'active',
    tokenTtlSecondsMax: limits.jwtLifeSecondsMax,
    tokenFormat: 'jwt',
    scopeClaim: 'string',
    accountScope: '',
    selfServiceScope: '',
    onRequestScope: '',
    signingAlg: 'ES256',
    maxStalenessSeconds: limits.maxStalenessSecondsMax,
    isBuiltIn: false,
    createdSequence: 0,
    version: 1,
    createdAt: 1000,
    updatedAt: 1000,
  })
})

it('an API that the system makes for itself has its own id and is built in', () => {
  expect(newApi({ ...draft, builtInId: 'api_management' }, made)).toMatchObject({
    id: 'api_management',
    isBuiltIn: true,
  })
})
