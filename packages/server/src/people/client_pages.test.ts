/** The look of an application to people: its picture while it is verified, and its home page. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createOutbound } from '../outbound/outbound_client.ts'
import { OutboundError } from '../outbound/outbound_error.ts'
import { audience, startWorld, type World } from '../server.fixture.ts'
import { signIn } from '../sign_in.fixture.ts'
import type { Wire } from '../wire.fixture.ts'
import { asking, codeFlow, open } from './code_flow.fixture.ts'
import { addPerson, makeTeam } from './teams.fixture.ts'

const logoUri = 'https://app.example/logo.png'
const otherUri = 'https://app.example/other.webp'
const png = Buffer.from('\x89PNG\r\n\x1a\n and more', 'latin1')
const webp = Buffer.from('RIFF\0\0\0\0WEBP and more', 'latin1')
const pictures: Record<string, Uint8Array> = { [logoUri]: png, [otherUri]: webp }
let fetched: string[] = []
const homepageUri = 'https://app.example/about'

let world: World
beforeAll(async () => {
  world = await startWorld({
    outbound: {
      ...createOutbound(),
      async get(url) {
        fetched.push(url)
        const body = pictures[url]
        if (body === undefined) throw new OutboundError('unreachable')
        return { status: 200, headers: {}, body }
      },
    },
  })
  await world.ok('PATCH', `/v1/apis/${world.apiId}`, { accountScope: 'orders:read orders:write' })
})
afterAll(() => world.close())

const flow = codeFlow(() => world)
const change = (client: Wire, body: object) => world.ok('PATCH', `/v1/clients/${client.clientId}`, body)

async function consentPage(client: Wire): Promise<string> {
  const browser = await signIn(world, (await flow.account()).id)
  const page = await open(browser, asking(client))
  expect(page.status).toBe(200)
  return page.text
}

const picture = /<img class="logo" src="http:\/\/localhost:4800(\/assets\/logo\/[0-9a-f]{64})" alt="">/
const pathIn = (page: string) => picture.exec(page.slice(page.indexOf('<form')))?.[1]
const isServed = async (path: string | undefined) => (await world.call('GET', path as string, { as: null })).status

describe('a client’s picture', () => {
  it('is fetched once, shown on the consent page from here, and gone with the client', async () => {
    fetched = []
    const client = await flow.webClient({ logoUri })
    expect([client.logoUri, fetched]).toEqual([logoUri, [logoUri]])
    const path = pathIn(await consentPage(client))
    const answer = await world.call('GET', path as string, { as: null })
    expect([answer.status, answer.headers['Content-Type'], fetched.length]).toEqual([200, 'image/png', 1])
    await world.ok('DELETE', `/v1/clients/${client.clientId}`)
    expect(await isServed(path)).toBe(404)
  })

  it('is shown for verified clients only', async () => {
    const client = await flow.webClient({ logoUri, verified: false })
    const page = await consentPage(client)
    expect(page).toContain('Nobody has checked who makes this application.')
    expect(pathIn(page)).toBeUndefined()
    await change(client, { verified: true })
    expect(pathIn(await consentPage(client))).toBeDefined()
  })

  it('stays while another client or the tenant shows the same, and goes with the last', async () => {
    const [one, two] = [await flow.webClient({ logoUri: otherUri }), await flow.webClient({ logoUri: otherUri })]
    await world.ok('PATCH', '/v1/settings', { logoUri: otherUri })
    const path = pathIn(await consentPage(one))
    expect((await change(one, { logoUri: null })).logoUri).toBeNull()
    expect(await isServed(path)).toBe(200)
    expect((await change(two, { logoUri })).logoUri).toBe(logoUri)
    expect(await isServed(path)).toBe(200)
    await world.ok('PATCH', '/v1/settings', { logoUri: null })
    expect(await isServed(path)).toBe(404)
    expect((await change(two, { name: 'Other' })).logoUri, 'what is not sent stays').toBe(logoUri)
  })

  it('that is none is refused, and nothing is changed', async () => {
    const client = await flow.webClient()
    const before = world.dump()
    const body = { name: 'x', logoUri: 'https://nowhere.example/x.png' }
    const created = { ...body, type: 'web', access: [] }
    for (const reply of [
      await world.call('PATCH', `/v1/clients/${client.clientId}`, { body }),
      await world.call('POST', '/v1/clients', { body: created }),
    ])
      expect([reply.status, reply.body.errors[0]?.pointer]).toEqual([400, '/logoUri'])
    expect(world.dump()).toBe(before)
  })

  it('is not fetched for a client out of reach', async () => {
    const client = await flow.webClient()
    const { browser } = await addPerson(world, (await makeTeam(world)).id, 'owner')
    fetched = []
    expect((await browser.call('PATCH', `/v1/clients/${client.clientId}`, { logoUri })).status).toBe(404)
    expect(fetched).toEqual([])
  })

  it('that is gone since leaves the answer of the same Idempotency-Key as it was', async () => {
    const uri = 'https://app.example/brief.png'
    pictures[uri] = png
    const body = { name: 'Brief', type: 'web', access: [], logoUri: uri }
    const headers = [['Idempotency-Key', randomUUID()] as const]
    const first = await world.call('POST', '/v1/clients', { body, headers })
    delete pictures[uri]
    const again = await world.call('POST', '/v1/clients', { body, headers })
    expect([again.status, again.body.clientSecret]).toEqual([201, first.body.clientSecret])
  })
})

describe('a client’s home page', () => {
  it('is linked by its host on the consent page and among the connected applications', async () => {
    const client = await flow.webClient({ homepageUri: `${homepageUri}?a="><b>` })
    const link =
      '<a href="https://app.example/about?a=&quot;&gt;&lt;b&gt;" rel="noopener noreferrer nofollow">app.example</a>'
    expect(await consentPage(client)).toContain(link)
    const { browser } = await flow.signedIn(client)
    expect((await browser.get('/account')).text).toContain(link)
    expect((await change(client, { homepageUri: null })).homepageUri).toBeNull()
    expect((await browser.get('/account')).text).not.toContain('app.example/about')
  })

  it('is https, without a user', async () => {
    const client = await flow.webClient()
    for (const uri of ['http://app.example', 'https://me@app.example', 'javascript:alert(1)', 'app.example', '']) {
      const reply = await world.call('PATCH', `/v1/clients/${client.clientId}`, { body: { homepageUri: uri } })
      expect([reply.status, reply.body.errors[0]?.pointer], uri).toEqual([400, '/homepageUri'])
    }
  })
})

it.each([{ logoUri }, { homepageUri }])('%o of a team’s own choice ends that its client is verified', async (look) => {
  const access = [{ audience, scope: 'orders:read' }]
  const team = await makeTeam(world, { access })
  const client = await flow.webClient({ teamId: team.id, access, verified: true })
  const { browser } = await addPerson(world, team.id, 'developer')
  const changed = await browser.call('PATCH', `/v1/clients/${client.clientId}`, look)
  expect(changed.body, changed.text).toMatchObject({ ...look, verified: false })
  await change(client, { verified: true })
  const gone = await browser.call('PATCH', `/v1/clients/${client.clientId}`, { logoUri: null, homepageUri: null })
  expect(gone.body.verified, 'to show less is nobody else’s look').toBe(true)
})
