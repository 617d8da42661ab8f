import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { audience, baseUrl, startWorld, type World } from '../server.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

let count = 0
const newTenant = async () => {
  const slug = `tenant-${++count}`
  const made = await world.ok('POST', '/v1/tenants', { slug, name: 'A tenant' })
  return { ...made, slug, at: `/t/${slug}`, as: made.adminKey }
}

describe('a tenant', () => {
  it('has an issuer, signing keys, metadata and a management API of its own', async () => {
    const { at, as, issuer } = await newTenant()
    expect(issuer).toBe(`${baseUrl}${at}`)
    const slug = at.slice(3)
    for (const path of [
      `${at}/.well-known/oauth-authorization-server`,
      `/.well-known/oauth-authorization-server${at}`,
      `${at}/.well-known/openid-configuration`,
      `/.well-known/openid-configuration${at}`,
    ]) {
      const { body } = await world.call('GET', path, { as: null })
      expect(body).toMatchObject({ issuer, token_endpoint: `${issuer}/oauth/token`, jwks_uri: `${issuer}/oauth/jwks` })
    }
    const own = (await world.call('GET', '/oauth/jwks', { as: null })).body.keys.map(({ kid }) => kid)
    const theirs = (await world.call('GET', '/oauth/jwks', { as: null, at })).body.keys.map(({ kid }) => kid)
    expect(theirs).toHaveLength(1)
    expect(own.filter((kid) => theirs.includes(kid))).toEqual([])
    expect((await world.call('GET', '/v1/apis', { as, at })).body.data).toMatchObject([
      { audience: `${issuer}/v1` },
      { audience: `${issuer}/oauth/userinfo` },
    ])
    expect(slug).not.toBe('')
  })

  it('its tokens are for it alone', async () => {
    const { at, as } = await newTenant()
    await world.call('POST', '/v1/apis', { as, at, body: { audience, name: 'Orders' } })
    const access = [{ audience, scope: 'orders:read' }]
    const made = (await world.call('POST', '/v1/clients', { as, at, body: { name: 'c', type: 'service', access } }))
      .body
    const fields = { grant_type: 'client_credentials', client_id: made.clientId, client_secret: made.clientSecret }
    const token = (await world.form('/oauth/token', fields, { at })).body.access_token
    const there = await world.call('POST', '/v1/verify', { as, at, body: { credential: token, audience } })
    expect(there.body.active).toBe(true)
    expect((await world.verify(token)).active).toBe(false)
    expect((await world.form('/oauth/token', fields)).status).toBe(401)
  })

  it('disabled refuses everything of it, enabled gives it back', async () => {
    const { id, at, as } = await newTenant()
    await world.ok('PATCH', `/v1/tenants/${id}`, { status: 'disabled' })
    expect((await world.call('GET', '/v1/apis', { as, at })).status).toBe(401)
    await world.ok('PATCH', `/v1/tenants/${id}`, { status: 'active' })
    expect((await world.call('GET', '/v1/apis', { as, at })).status).toBe(200)
  })

  it('deleted is gone with everything in it, and its slug is never given again', async () => {
    const { id, at, as, slug } = await newTenant()
    expect((await world.ok('DELETE', `/v1/tenants/${id}`)).status).toBe('revoked')
    for (const path of ['/v1/apis', '/oauth/jwks', '/.well-known/openid-configuration']) {
      expect((await world.call('GET', path, { as, at })).status).toBe(404)
    }
    expect((await world.form('/oauth/token', {}, { at })).status).toBe(404)
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      expect((await world.call(method, `/v1/tenants/${id}`, { body: {} })).status).toBe(404)
    }
    expect((await world.call('POST', '/v1/tenants', { body: { slug, name: 'Again' } })).status).toBe(409)
    const second = await world.second()
    expect((await world.call('GET', '/v1/apis', { as, at, server: second })).status).toBe(404)
  })

  it('a slug is short, lower case and plain; one that is taken is 409', async () => {
    const { slug } = await newTenant()
    expect((await world.call('POST', '/v1/tenants', { body: { slug, name: 'x' } })).status).toBe(409)
    for (const bad of ['', 'A', 'a_b', '-a', 'a-', 'a--b', 'a.b', 'a/b', 'ä', 'a'.repeat(64), 'a b', '..', '%61']) {
      expect((await world.call('POST', '/v1/tenants', { body: { slug: bad, name: 'x' } })).status, bad).toBe(400)
    }
    expect((await world.call('POST', '/v1/tenants', { body: { slug: 'a'.repeat(63), name: 'x' } })).status).toBe(201)
  })

  it('the default tenant can be neither changed nor deleted', async () => {
    const before = world.dump()
    expect((await world.call('PATCH', '/v1/tenants/default', { body: { status: 'disabled' } })).status).toBe(409)
    expect((await world.call('DELETE', '/v1/tenants/default')).status).toBe(409)
    expect(world.dump()).toBe(before)
  })
})
