import { expect, it } from 'vitest'
import { commandsOf } from './commands.ts'

const api = {
  audience: "https://orders.example/it's",
  scopes: [
    { name: 'orders:write', description: '' },
    { name: 'orders:read', description: '' },
  ],
}
const of = (credential: Parameters<typeof commandsOf>[0], caller: Parameters<typeof commandsOf>[1]) =>
  commandsOf(credential, caller, api, 'https://id.example/t/acme')

it('each command has the URL, audience and a scope of this installation, quoted, and no more than placeholders beside them', () => {
  for (const credential of ['jwt_key', 'client_credentials', 'code', 'trusted_issuer'] as const) {
    const said = of(credential, 'server')
    expect(said.split('\n')[0]).toBe("export COUNTERSIGN_URL='https://id.example/t/acme'")
    expect(said).toContain(`--audience 'https://orders.example/it'\\''s'`)
    expect(said).toContain("--scope 'orders:read'")
  }
})

it('an application is of the kind that its caller is: what can keep no secret is given none', () => {
  expect(of('code', 'device')).toContain("--type 'spa'")
  expect(of('code', 'device')).not.toContain('--offline-access')
  expect(of('code', 'app')).toContain("--type 'web'")
  expect(of('code', 'agent')).toMatch(/--type 'agent'[\s\S]*--offline-access$/)
})
