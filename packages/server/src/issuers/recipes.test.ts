import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startWorld, type World } from '../server.fixture.ts'
import type { Wire } from '../wire.fixture.ts'
import { type ForeignKey, foreignJwt, foreignKey } from './issuers.fixture.ts'

const api = 'https://api.example.com'

interface Recipe {
  readonly name: string
  readonly issuer: { readonly issuer: string; readonly rules: readonly { readonly scope: string }[] }
  readonly claims: { readonly [name: string]: unknown }
}

/** Each recipe of docs/issuers.md has two blocks of JSON: the issuer, and the claims of a JWT of it. */
function readRecipes(): readonly Recipe[] {
  const page = readFileSync('docs/issuers.md', 'utf8')
  const [, ...sections] = page.slice(page.indexOf('## 6. Recipes')).split(/^### /m)
  return sections.map((section) => {
    const [issuer = '', claims = ''] = [...section.matchAll(/^```json\n([\s\S]*?)^```/gm)].map(([, text]) => text)
    return { name: section.slice(0, section.indexOf('\n')), issuer: JSON.parse(issuer), claims: JSON.parse(claims) }
  })
}

/** The rest of what these systems write: header, life in seconds, and members of their published keys. */
const shapes: Readonly<
  Record<string, { readonly header: object; readonly lifeSeconds: number; readonly jwk: object }>
> = {
  'GitHub Actions': {
    header: { typ: 'JWT', x5t: 'eB4qsCQv_nDbgTq9' },
    lifeSeconds: 300,
    jwk: { x5c: ['MII'], x5t: 'eB4' },
  },
  'GitLab CI': { header: { typ: 'JWT' }, lifeSeconds: 3_600, jwk: {} },
  Kubernetes: { header: { typ: undefined }, lifeSeconds: 3_607, jwk: {} },
  Auth0: { header: { typ: 'JWT' }, lifeSeconds: 86_400, jwk: { x5c: ['MII'], x5t: 'x' } },
  'Entra ID': {
    header: { typ: 'JWT' },
    lifeSeconds: 3_900,
    jwk: { alg: undefined, x5c: ['MII'], issuer: 'https://x' },
  },
  Keycloak: { header: { typ: 'JWT' }, lifeSeconds: 300, jwk: { 'x5t#S256': 'x' } },
}

const recipes = readRecipes()
let world: World
let key: ForeignKey

beforeAll(async () => {
  world = await startWorld()
  key = await foreignKey('the-key')
  const scopes = [{ name: 'orders:read' }, { name: 'orders:write' }]
  await world.ok('POST', '/v1/apis', { audience: api, name: 'Orders', scopes })
})
afterAll(() => world.close())

it('each system has a recipe', () => {
  expect(recipes.map(({ name }) => name)).toEqual(Object.keys(shapes))
})

describe.each(recipes.map((recipe) => [recipe.name, recipe] as const))('%s', (name, { issuer, claims }) => {
  const { header, lifeSeconds, jwk } = shapes[name] as (typeof shapes)[string]
  let made: Wire

  beforeAll(async () => {
    const { clientId } = await world.client({ access: [{ audience: api, scope: 'orders:read orders:write' }] })
    const published = JSON.parse(JSON.stringify({ ...key.jwk, ...jwk })) as object
    const { jwksUri: _, ...rest } = issuer as { readonly jwksUri?: string }
    made = await world.ok('POST', '/v1/issuers', { ...rest, clientId, jwks: { keys: [published] } })
  })

  const token = (changes: object = {}): Promise<string> =>
    foreignJwt(key, { iat: world.now, exp: world.now + lifeSeconds, ...claims, ...changes }, header)

  it('its JWT is taken as it is made, and given what the first rules say', async () => {
    const verdict = await world.verify(await token(), { audience: api, scope: 'orders:read orders:write' })
    expect(verdict, JSON.stringify(verdict)).toMatchObject({
      active: true,
      grant: { kind: 'external_jwt', subject: claims.sub, subjectIssuer: issuer.issuer },
    })
  })

  it('the tester says the same', async () => {
    const judged = await world.ok('POST', `/v1/issuers/${made.id}/test`, { token: await token() })
    expect(judged).toMatchObject({ isVerified: true, access: [{ audience: api, scope: 'orders:read orders:write' }] })
    expect(judged).not.toHaveProperty('code')
  })

  it('a JWT of somebody else at the same issuer is given nothing', async () => {
    const others = Object.fromEntries(
      Object.keys(claims)
        .filter((claim) => !['iss', 'aud', 'jti'].includes(claim))
        .map((claim) => [claim, 'somebody-else']),
    )
    const verdict = await world.verify(await token({ ...others, jti: 'other' }), { audience: api })
    expect(verdict).toMatchObject({ active: false, code: 'wrong_audience' })
  })

  it('a token of ours comes by the JWT bearer grant, and does not outlive it', async () => {
    const fields = {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: await token(),
      audience: api,
    }
    const reply = await world.form('/oauth/token', fields)
    expect(reply, reply.text).toMatchObject({ status: 200, body: { scope: 'orders:read orders:write' } })
    expect(reply.body.expires_in).toBeLessThanOrEqual(lifeSeconds)
  })
})
