import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { expect, it } from 'vitest'
import { startDevOfFile } from './countersign.fixture.ts'

const { folder, audience, clientId, cli, json } = await startDevOfFile()
const { publicKey, privateKey } = await generateKeyPair('ES256')
const jwks = join(folder, 'jwks.json')
writeFileSync(jwks, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'a', alg: 'ES256' }] }))

const iss = 'https://ci.example'
const made = ['issuers', 'create', iss, '--client', clientId, '--audience', audience, '--jwks', jwks]

function jwt(sub: string): Promise<string> {
  const claims = new SignJWT({ sub, jti: sub }).setProtectedHeader({ alg: 'ES256', kid: 'a' })
  return claims.setIssuer(iss).setAudience(audience).setIssuedAt().setExpirationTime('5m').sign(privateKey)
}

it('an issuer is trusted, tested, changed and deleted from the command line', async () => {
  const { id } = await json(...made, '--when', 'sub=repo:acme/*', '--when', '/a/b=x=y', '--scope', 'orders:read')
  expect(await json('issuers', 'show', id)).toMatchObject({
    issuer: iss,
    scope: 'orders:read',
    rules: [{ when: { sub: 'repo:acme/*', '/a/b': 'x=y' }, scope: 'orders:read' }],
    jwks: { keys: [{ kid: 'a' }] },
  })
  await json('issuers', 'update', id, '--when', 'sub=repo:acme/*', '--scope', 'orders:read')
  expect((await cli(['issuers', 'list'])).out).toMatch(new RegExp(`${id} +${iss} +active`))

  const good = await cli(['issuers', 'test', id], { input: await jwt('repo:acme/api') })
  expect(good).toMatchObject({ code: 0, out: expect.stringMatching(/rule 1 {2}holds/) })
  expect(good.out).toContain(`${audience} (orders:read)`)
  const bad = await cli(['issuers', 'test', id, '-'], { input: await jwt('repo:evil/api') })
  expect(bad).toMatchObject({ code: 7, out: expect.stringContaining('rule 1  does not hold: sub') })
  expect(bad.err).toContain('refused: wrong_audience')

  const verdict = await cli(['verify', '--audience', audience], { input: await jwt('repo:acme/api') })
  expect(verdict).toMatchObject({ code: 0, out: expect.stringMatching(/subjectIssuer +https:\/\/ci\.example/) })
  await json('issuers', 'update', id, '--status', 'disabled')
  expect((await cli(['verify', '--audience', audience], { input: await jwt('repo:acme/api') })).code).toBe(7)
  expect((await cli(['issuers', 'delete', id, '--yes'])).out).toContain('deleted')
  expect((await cli(['issuers', 'show', id])).code).toBe(3)
})

it('rules come from a file, and their scopes are the ceiling where none is named', async () => {
  const rules = join(folder, 'rules.json')
  const when = { sub: 'x' }
  writeFileSync(
    rules,
    JSON.stringify([
      { when, scope: 'orders:read' },
      { when, scope: 'orders:write orders:read' },
    ]),
  )
  const { id } = await json(...made, '--rules', rules)
  expect(await json('issuers', 'show', id)).toMatchObject({ scope: 'orders:read orders:write' })
  await json('issuers', 'delete', id)
})

it('what is missing or wrong is named, with exit 2', async () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [['issuers', 'create', iss, '--client', clientId, '--jwks', jwks], '--audience is missing'],
    [made, '--when and --scope are missing'],
    [[...made, '--when', 'sub=x'], '--when and --scope go together'],
    [[...made, '--when', 'sub', '--scope', 'a'], 'must be CLAIM=PATTERN'],
    [[...made, '--rules', jwks], 'must hold a JSON array of rules'],
    [[...made, '--rules', jwks, '--scope', 'a'], 'leave out --when, --scope and --api'],
    [['issuers', 'create', iss, '--audience', audience, '--when', 'sub=x', '--scope', 'a'], '--jwks-uri is missing'],
    [
      [...made.slice(0, 3), '--audience', audience, '--jwks', jwks, '--when', 'sub=x', '--scope', 'a'],
      '--client is missing',
    ],
    [['issuers', 'test', 'issuer_x', await jwt('x')], 'secrets are never arguments'],
    [['issuers', 'update', 'issuer_x'], 'nothing to change'],
  ]
  for (const [words, message] of cases) {
    const { code, err } = await cli(words)
    expect({ code, err }, words.join(' ')).toEqual({ code: 2, err: expect.stringContaining(message) })
  }
})
