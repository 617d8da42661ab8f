import { digest, generateKey, parseKey } from '@countersign/core'
import { expect, it } from 'vitest'
import { newKey } from './key.ts'

const randomBytes = (count: number) => new Uint8Array(count).fill(7)
const draft = { tenant: 'acme', clientId: 'client_1', apiId: 'api_1', scope: 'orders:read', name: 'a key' }

it.each(['live', 'test'] as const)(
  'a new %s key is active, and holds the digest of its text and nothing more',
  async (marker) => {
    const generated = generateKey({ prefix: 'cs', marker, randomBytes })
    expect(await newKey(generated, draft, 1000.9)).toEqual({
      ...draft,
      id: parseKey(generated.text)?.id,
      digest: await digest(generated.text),
      prefix: 'cs',
      environment: marker,
      status: 'active',
      metadata: {},
      version: 1,
      createdAt: 1000,
      updatedAt: 1000,
    })
  },
)

it('a key that ends keeps the life it was given, for the key that it is rolled into', async () => {
  const generated = generateKey({ prefix: 'cs', marker: 'live', randomBytes })
  const key = await newKey(generated, { ...draft, expiresAt: 1600 }, 1000)
  expect(key).toMatchObject({ expiresAt: 1600, lifeSeconds: 600 })
})

it.each(['secret', 'at'] as const)('a text with the marker %s makes no key', async (marker) => {
  await expect(newKey(generateKey({ prefix: 'cs', marker, randomBytes }), draft, 1000)).rejects.toThrow(TypeError)
})
