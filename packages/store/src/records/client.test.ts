import { limits } from '@countersign/core'
import { expect, it } from 'vitest'
import { newClient } from './client.ts'

const randomBytes = (count: number) => new Uint8Array(count).fill(7)
const draft = {
  tenant: 'acme',
  name: 'a client',
  type: 'service' as const,
  access: { api_1: 'orders:read' },
  guards: [],
  authority: { scope: '', guards: [] },
}

it('a new client is active, with the access it was given and no cut-off', () => {
  const client = newClient(draft, { now: 1000.9, randomBytes })
  expect(client).toEqual({
    ...draft,
    id: expect.stringMatching(/^client_[0-9A-Za-z]{20}$/),
    status: 'active',
    metadata: {},
    selfIssuedLifeSecondsMax: limits.selfIssuedLifeSecondsDefault,
    cutOff: 0,
    version: 1,
    createdAt: 1000,
    updatedAt: 1000,
  })
})
