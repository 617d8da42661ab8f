/** Headers that the API names as places of credentials: raw requests in, the upstream's view out. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { audience, openWorld, ordersDocument, statusesOf, type World } from '../gateway.fixture.ts'

let world: World
let key: { readonly id: string; readonly text: string }
let other: string
beforeAll(async () => {
  world = await openWorld()
  key = await world.key('orders:read orders:write')
  other = (await world.key('orders:read')).text
})
afterAll(() => world.close())
beforeEach(() => {
  world.seen.length = 0
  nameHeaders(['X-Partner-Key', 'Authorization'])
})

function nameHeaders(credentialHeaders: readonly string[], of = world): void {
  const state = { status: 'active', audience, maxStalenessSeconds: 10, createdSequence: 1, credentialHeaders } as const
  of.say({ type: 'api', id: 'api_1', state })
}

async function send(fields: string, path = '/orders', of = world): Promise<number | undefined> {
  const received = await of.raw(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${fields}\r\n\r\n`)
  return statusesOf(received)[0]
}

/** All that the upstream got of the last request. */
const upstreamSaw = (): string => JSON.stringify(world.seen.at(-1)?.rawHeaders ?? [])

describe('a credential in a header that the API names', () => {
  test.each(['X-Partner-Key', 'x-partner-KEY', 'Authorization'])(
    '%s lets pass, and never reaches the upstream',
    async (name) => {
      expect(await send(`${name}: ${key.text}`)).toBe(200)
      expect(upstreamSaw()).toContain(key.id)
      expect(upstreamSaw()).not.toContain(key.text)
      expect(await send(`${name}: ${key.text}`, '/health')).toBe(200)
      expect(upstreamSaw()).not.toContain(key.text)
    },
  )

  test.each(['X_Partner_Key', 'x.partner.key', 'X-Partner_Key', 'X!Partner~Key'])(
    'spelled %s is not judged, and does not reach an upstream that could read it as that header',
    async (name) => {
      expect(await send(`${name}: ${key.text}`)).toBe(401)
      expect(world.seen).toEqual([])
      for (const [fields, path] of [
        [`X-Partner-Key: ${key.text}\r\n${name}: ${other}`, '/orders'],
        [`${name}: ${other}`, '/health'],
        [`${name}: x, ${other}`, '/health'],
      ] as const) {
        expect(await send(fields, path)).toBe(200)
        expect(upstreamSaw()).not.toContain(other)
      }
    },
  )

  test('named with an underscore it is kept from the upstream in every spelling as well', async () => {
    nameHeaders(['X_Partner_Key'])
    expect(await send(`X_PARTNER_KEY: ${key.text}\r\nX-Partner-Key: ${other}`)).toBe(200)
    expect(upstreamSaw()).not.toMatch(new RegExp(`${key.text}|${other}`))
  })

  test('a value of the API’s own passes unchanged, beside a credential too', async () => {
    for (const fields of [`Authorization: Bearer ${key.text}`, `X-API-Key: ${key.text}`]) {
      expect(await send(`X-Partner-Key: theirs, 1.2.3\r\nX_Partner_Key: another\r\n${fields}`)).toBe(200)
      expect(upstreamSaw()).toContain('"X-Partner-Key","theirs, 1.2.3","X_Partner_Key","another"')
    }
    expect(await send('X-Partner-Key: theirs', '/health')).toBe(200)
    expect(upstreamSaw()).toContain('"X-Partner-Key","theirs"')
    expect(await send('Authorization: Digest a="b", nonce="a.b.c"', '/health')).toBe(200)
    expect(upstreamSaw()).toContain('nonce')
  })

  test.each<[string, () => string]>([
    ['twice', () => `X-Partner-Key: ${key.text}\r\nx-partner-key: ${key.text}`],
    ['joined by a comma', () => `X-Partner-Key: ${key.text},${other}`],
    ['beside another value', () => `X-Partner-Key: theirs\r\nX-Partner-Key: ${key.text}`],
    ['beside Authorization', () => `X-Partner-Key: ${key.text}\r\nAuthorization: Bearer ${key.text}`],
    ['beside a bare Authorization', () => `X-Partner-Key: ${key.text}\r\nAuthorization: ${key.text}`],
    ['beside X-API-Key', () => `X-API-Key: ${key.text}\r\nX-Partner-Key: ${other}`],
    ['two in a bare Authorization', () => `Authorization: ${key.text},${other}`],
  ])('%s is 400, and nothing reaches the upstream', async (_, fields) => {
    expect(await send(fields())).toBe(400)
    expect(world.seen).toEqual([])
  })

  test('with a preflight that goes to the upstream it ends here too', async () => {
    const fields = `Origin: https://app.test\r\nAccess-Control-Request-Method: GET\r\nX-Partner-Key: ${key.text}`
    const received = await world.raw(`OPTIONS /orders HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${fields}\r\n\r\n`)
    expect(statusesOf(received)).toEqual([200])
    expect(world.seen.at(-1)?.method).toBe('OPTIONS')
    expect(upstreamSaw()).not.toContain(key.text)
  })

  test('two on a public operation end here both', async () => {
    for (const fields of [
      `X-Partner-Key: ${key.text}\r\nX-Partner-Key: ${other}`,
      `X-Partner-Key: ${key.text},${other}`,
      `Authorization: ${key.text},${other}`,
    ]) {
      expect(await send(fields, '/health')).toBe(200)
      expect(upstreamSaw()).not.toMatch(new RegExp(`${key.text}|${other}`))
    }
  })

  test('named by Connection it is read all the same, and ends here', async () => {
    expect(await send(`Connection: x-partner-key\r\nX-Partner-Key: ${key.text}`)).toBe(200)
    expect(upstreamSaw()).not.toContain(key.text)
  })

  test('no event and no refusal holds its value', async () => {
    world.events.length = 0
    await send(`X-Partner-Key: ${key.text}`)
    await send(`X-Partner-Key: ${key.text},${other}`)
    await send(`X-Partner-Key: ${key.text.replace('cs_test', 'cs_live')}`)
    expect(world.events.length).toBeGreaterThanOrEqual(3)
    expect(JSON.stringify(world.events)).not.toMatch(new RegExp(`${key.text.slice(21)}|${other.slice(21)}`))
  })

  test('the API’s entry is followed: what it no longer names is not read, and passes', async () => {
    expect(await send(`X-Partner-Key: ${key.text}`)).toBe(200)
    nameHeaders(['X-Second-Key'])
    expect(await send(`X-Partner-Key: ${key.text}`)).toBe(401)
    expect(await send(`X-Second-Key: ${key.text}`)).toBe(200)
    expect(await send(`Authorization: ${key.text}`)).toBe(400)
  })

  test('a request that waits for a look-up while the API ceases to name its header is refused', async () => {
    const { text } = await world.key('orders:read')
    world.onLookup = () => nameHeaders([])
    expect(await send(`X-Partner-Key: ${text}`)).toBe(401)
    world.onLookup = () => {}
    expect(world.seen).toEqual([])
  })
})

test('the headers of the document’s apiKey schemes are read while nobody has set any at the server', async () => {
  const securitySchemes = {
    partner: { type: 'apiKey', in: 'header', name: 'X-Partner-Key' },
    query: { type: 'apiKey', in: 'query', name: 'key' },
    cookie: { type: 'apiKey', in: 'cookie', name: 'sid' },
  }
  const of = await openWorld({ document: { ...ordersDocument, components: { securitySchemes } } })
  const { text } = await of.key('orders:read')
  expect(await send(`X-Partner-Key: ${text}`, '/orders', of)).toBe(200)
  expect(await send('', `/orders?key=${text}`, of)).toBe(401)
  expect(await send(`Cookie: sid=${text}`, '/orders', of)).toBe(401)
  nameHeaders([], of)
  expect(await send(`X-Partner-Key: ${text}`, '/orders', of)).toBe(401)
  await of.close()
})

test('a preflight allows the headers that a script asks for, those that the API names among them', async () => {
  const of = await openWorld({ corsOrigins: ['https://app.test'] })
  nameHeaders(['X-Partner-Key'], of)
  const headers = {
    Origin: 'https://app.test',
    'Access-Control-Request-Method': 'GET',
    'Access-Control-Request-Headers': 'x-partner-key',
  }
  const answer = await of.call('OPTIONS', '/orders', { headers })
  expect(answer).toMatchObject({ status: 204, headers: { 'access-control-allow-headers': 'x-partner-key' } })
  await of.close()
})
