/** How an API's owner tests guarded routes: no server, no network, no sleep. Run it with `node --test`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { protect } from '@countersign/verifier/fetch'
import { createTestIssuer } from '@countersign/verifier/testing'

const issuer = await createTestIssuer({ audience: 'https://api.example.com' })
const orders = protect({ verifier: issuer.verifier, scope: 'orders:read' })((request) =>
  Response.json({ caller: request.auth.clientId }),
)

async function ask(credential: string): Promise<number> {
  const headers = { authorization: `Bearer ${credential}` }
  return (await orders(new Request('https://api.example.com/orders', { headers }))).status
}

test('a key and a token with the scope pass, others do not', async () => {
  assert.equal(await ask(issuer.makeKey({ scope: 'orders:read' }).text), 200)
  assert.equal(await ask((await issuer.makeJwt({ scope: 'orders:read' })).text), 200)
  assert.equal(await ask(issuer.makeKey({ scope: 'invoices:read' }).text), 403)
  assert.equal(await ask('nonsense'), 401)
})

test('a token that is out already is narrowed, then revoked', async () => {
  const token = await issuer.makeJwt({ scope: 'orders:read orders:write' })
  assert.equal(await ask(token.text), 200)
  await issuer.change(token, { scope: 'orders:write' })
  assert.equal(await ask(token.text), 403)
  await issuer.revoke(token)
  assert.equal(await ask(token.text), 401)
})

test('a key ends with its time', async () => {
  const key = issuer.makeKey({ scope: 'orders:read', expiresAt: issuer.time.now() + 60 })
  await issuer.time.advance(59_000)
  assert.equal(await ask(key.text), 200)
  await issuer.time.advance(1_000)
  assert.equal(await ask(key.text), 401)
})

test('while nobody can tell, the answer is 503', async () => {
  const key = issuer.makeKey({ scope: 'orders:read' })
  assert.equal(await ask(key.text), 200)
  issuer.disconnect()
  await issuer.time.advance(11_000)
  assert.equal(await ask(key.text), 503)
  await issuer.reconnect()
  assert.equal(await ask(key.text), 200)
})
