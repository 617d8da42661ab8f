/** A table of hostile redirect URIs, conformance/fixtures/redirect_uris.json: none is registered, and to none is anybody sent. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { baseUrl, startWorld, type World } from '../server.fixture.ts'
import { openBrowser } from '../sign_in.fixture.ts'
import type { Wire } from '../wire.fixture.ts'
import { asking, codeFlow } from './code_flow.fixture.ts'

interface Table {
  readonly registered: readonly { readonly type: string; readonly uri: string }[]
  readonly hostile: readonly {
    readonly why: string
    /** Who may register them, since they are well formed: they are hostile only where another URI is registered. */
    readonly mayRegister: 'nobody' | 'native' | 'anybody'
    readonly uris: readonly string[]
  }[]
}

const table: Table = JSON.parse(
  readFileSync(new URL('../../../../conformance/fixtures/redirect_uris.json', import.meta.url), 'utf8'),
)

let world: World
/** By the one URI of each. */
const clients = new Map<string, Wire>()
beforeAll(async () => {
  world = await startWorld()
  for (const { type, uri } of table.registered)
    clients.set(uri, await world.client({ type, redirectUris: [uri], postLogoutRedirectUris: [uri] }))
})
afterAll(() => world.close())
const { account } = codeFlow(() => world)

it('the table has more than 300, each once, and none of those that are registered', () => {
  const uris = table.hostile.flatMap((group) => group.uris)
  expect(new Set(uris).size).toBe(uris.length)
  expect(uris.length).toBeGreaterThan(300)
  for (const { uri } of table.registered) expect(uris).not.toContain(uri)
})

describe.each(table.hostile)('$why', ({ uris, mayRegister }) => {
  it('CVE-2023-6291, CVE-2024-8883, CVE-2024-1132, CVE-2022-3782, CVE-2023-6927, CVE-2018-14658, CVE-2026-3872, CVE-2026-7504, CVE-2026-18211, CVE-2020-15233, CVE-2020-15234: leads nowhere from the authorization endpoint, whatever is registered', async () => {
    for (const redirect_uri of uris.filter((uri) => uri !== ''))
      for (const [registered, client] of clients) {
        const { status, headers, text } = await world.call('GET', asking(client, { redirect_uri }), { as: null })
        const shown = [redirect_uri, registered]
        expect([status, headers.Location, ...shown]).toEqual([400, undefined, ...shown])
        expect(text).toContain('<main data-error="invalid_redirect_uri">')
      }
  })

  it('leads nowhere from the logout, whatever is registered', async () => {
    for (const post_logout_redirect_uri of uris.filter((uri) => uri !== ''))
      for (const client of clients.values()) {
        const query = new URLSearchParams({ client_id: String(client.clientId), post_logout_redirect_uri })
        const { status, headers } = await world.call('GET', `/oauth/logout?${query}`, { as: null })
        expect([status, headers.Location, post_logout_redirect_uri]).toEqual([400, undefined, post_logout_redirect_uri])
      }
  })

  it(`CVE-2026-9086, GHSA-86j7-9j95-vpqj, CVE-2026-67333, CVE-2024-52289, Keycloak #48430: may be registered by ${mayRegister}`, async () => {
    for (const uri of uris)
      for (const type of ['web', 'spa', 'native'] as const) {
        const isTaken = mayRegister === 'anybody' || (mayRegister === 'native' && type === 'native')
        for (const member of ['redirectUris', 'postLogoutRedirectUris']) {
          const body = { name: 'Ledgerly', type, access: [], [member]: [uri] }
          expect([uri, type, member, (await world.call('POST', '/v1/clients', { body })).status]).toEqual([
            ...[uri, type, member],
            isTaken ? 201 : 400,
          ])
        }
      }
  })
})

it.each(table.registered)('$uri itself is taken, and to it the answer goes', async ({ uri }) => {
  const client = clients.get(uri) as Wire
  const { headers } = await world.call('GET', asking(client, { redirect_uri: uri, response_type: 'token' }), {
    as: null,
  })
  expect(headers.Location?.startsWith(`${uri}${uri.includes('?') ? '&' : '?'}error=unsupported_response_type`)).toBe(
    true,
  )
})

it.each([
  ...[
    '//evil.example',
    '///evil.example',
    '////evil.example/%2e%2e',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
  ],
  ...[
    'https://evil.example',
    'https:evil.example',
    'javascript:alert(1)',
    '/.//evil.example',
    '/..//evil.example',
    ' /x',
  ],
  ...[
    '/\n/evil.example',
    '/%09/evil.example',
    '@evil.example',
    '.evil.example',
    '/x\r\nLocation: https://evil.example',
  ],
])(
  'CVE-2022-23527, CVE-2019-20479, CVE-2019-14857: after a sign-in with returnTo=%j the browser stays here',
  async (returnTo) => {
    const password = 'correct horse battery'
    const { email } = await account({ password })
    world.now += 60
    const browser = openBrowser(world)
    const page = await browser.get(`/login?${new URLSearchParams({ returnTo })}`)
    const reply = await browser.submit(page, '/login', { email: String(email), password, returnTo })
    expect(reply.status).toBe(303)
    expect(new URL(reply.headers.Location ?? '').origin).toBe(baseUrl)
    expect(reply.headers.Location?.startsWith(`${baseUrl}/`)).toBe(true)
  },
)
