/** Keys that were made while a clock was ahead sign and are published once the clock is right: nothing waits for their time. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { audience, startAt, startWorld, type World } from '../server.fixture.ts'

const day = 86_400

let world: World
beforeEach(async () => {
  world = await startWorld()
})
afterEach(() => world.close())

/** As after the clock was put right: the server begins anew, and its database stays. */
async function restartAt(now: number) {
  world.now = now
  const server = await world.second()
  const kids = async () => {
    const { body } = await world.call('GET', '/oauth/jwks', { as: null, server })
    return body.keys.map(({ kid }) => kid)
  }
  const signedBy = async () => {
    const { body, text } = await world.form(
      '/oauth/token',
      {
        grant_type: 'client_credentials',
        client_id: world.clientId,
        client_secret: world.clientSecret,
        audience,
      },
      { as: null, server },
    )
    expect(body.access_token, text).toBeTypeOf('string')
    const [head = ''] = body.access_token.split('.')
    return (JSON.parse(Buffer.from(head, 'base64url').toString()) as { readonly kid: string }).kid
  }
  const ready = async () => (await world.call('GET', '/readyz', { as: null, server })).status
  const rotate = () => world.call('POST', '/v1/signing-keys/rotate', { server })
  return { server, kids, signedBy, ready, rotate }
}

const accessKeys = async () =>
  (await world.store.read.signingKeys.list('default')).filter(({ purpose }) => purpose === 'access_token')

it('the first key of an installation whose clock was a day ahead signs at once, and is published', async () => {
  const [first] = await accessKeys()
  const { kids, signedBy, ready } = await restartAt(startAt - day)
  expect(await ready()).toBe(200)
  expect(await signedBy()).toBe(first?.kid)
  expect(await kids()).toContain(first?.kid)
})

it('of keys that a wrong clock rotated, the one that is followed signs', async () => {
  const [first] = await accessKeys()
  await world.ok('POST', '/v1/signing-keys/rotate')
  const [, second] = (await accessKeys()).toSorted((one, other) => one.signsAt - other.signsAt)
  const { kids, signedBy } = await restartAt(startAt - day)
  expect(await signedBy()).toBe(first?.kid)
  expect(await kids()).toEqual(expect.arrayContaining([first?.kid, second?.kid]))
})

it('a rotation with the right clock does not wait for the key of the wrong one, nor signs before it was published', async () => {
  const [first] = await accessKeys()
  const now = startAt - day
  const { kids, signedBy, rotate } = await restartAt(now)
  expect((await rotate()).status).toBe(200)
  const fresh = (await accessKeys()).find(({ kid }) => kid !== first?.kid)
  expect(await signedBy()).toBe(first?.kid)
  expect(await kids()).toEqual(expect.arrayContaining([first?.kid, fresh?.kid]))
  expect((await rotate()).body.code).toBe('rotation_in_progress')
  world.now = now + 600
  expect(await signedBy()).toBe(fresh?.kid)
  // The time that the wrong clock wrote does not bring its key back.
  world.now = startAt + 1
  expect(await signedBy()).toBe(fresh?.kid)
})
