import { expect, it } from 'vitest'
import { text } from '../../../shared/text.ts'
import { samplesOf } from './samples.ts'

it('the command and the call say the same as the button, in quotes', () => {
  const body = {
    name: "Ana's $(shop)",
    type: 'spa' as const,
    access: [{ audience: 'https://orders.example', scope: 'orders:read orders:write' }],
    redirectUris: ['https://shop.example/a', 'https://shop.example/b'],
    offlineAccess: true,
  }
  const samples = samplesOf(body, 'https://id.example')
  expect(samples[text.create.commandLine]).toBe(
    [
      'npx countersign clients create',
      "--type 'spa'",
      "--name 'Ana'\\''s $(shop)'",
      "--access 'https://orders.example=orders:read orders:write'",
      "--redirect-uri 'https://shop.example/a'",
      "--redirect-uri 'https://shop.example/b'",
      '--offline-access',
    ].join(' \\\n  '),
  )
  expect(samples[text.create.curl]).toContain("curl 'https://id.example/v1/clients'")
})
