/** `keys revoke --wait`: until every verifier has it, or who is behind. */
import { createVerifier, type Verifier } from '@countersign/verifier'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startDevOfFile } from './countersign.fixture.ts'

const { dev, cli, json, createKey } = await startDevOfFile()
const verifiers: Verifier[] = []

beforeAll(async () => {
  const { issuer, audience } = dev.ready
  const access = `${issuer}/v1=credentials:verify`
  const guard = await json('clients', 'create', '--name', 'guard', '--access', access, '--guards', audience)
  const scope = ['--scope', 'credentials:verify', '--audience', `${issuer}/v1`]
  const { key: credential } = await json('keys', 'create', '--client', guard.clientId, ...scope)
  for (let made = 0; made < 2; made++) {
    const verifier = createVerifier({ issuer, audience, credential, maxStalenessSeconds: 20 })
    await verifier.ready()
    verifiers.push(verifier)
  }
})
afterAll(() => {
  for (const verifier of verifiers) verifier.close()
})

const makeKey = async () => JSON.parse((await createKey('--json')).out)

it('ends when both verifiers have it, and they refuse it then', async () => {
  const { id, key } = await makeKey()
  for (const verifier of verifiers) expect((await verifier.verify(key)).outcome).toBe('verified')
  const ended = await cli(['keys', 'revoke', id, '--wait'])
  expect(ended).toMatchObject({ code: 0, err: expect.stringMatching(/^applied by 2 of 2 verifiers after \d\.\d s\n$/) })
  for (const verifier of verifiers) expect((await verifier.verify(key)).outcome).toBe('rejected')
})

it('names who is behind and since when, with exit 6', async () => {
  verifiers[1]?.close()
  const { id } = await makeKey()
  const ended = await cli(['keys', 'revoke', id, '--wait', '2s'])
  expect(ended.code).toBe(6)
  expect(ended.err).toMatch(/^countersign: 1 verifiers are behind: \S+ \(last heard \d{4}-\d\d-\d\dT[\d:]+Z\)\n$/)
  expect(ended.out).toBe('')
})
