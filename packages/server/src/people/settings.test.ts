import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createOutbound } from '../outbound/outbound_client.ts'
import { OutboundError } from '../outbound/outbound_error.ts'
import { startWorld, type World } from '../server.fixture.ts'
import { openBrowser } from '../sign_in.fixture.ts'
import { contrast, isReadable, readable } from './colors.ts'

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
const pictures: Record<string, { readonly status?: number; readonly body: Uint8Array }> = {
  'https://acme.example/logo.png': { body: png },
  'https://acme.example/logo.svg': { body: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>') },
  'https://acme.example/page.html': { body: Buffer.from('<!doctype html>') },
  'https://acme.example/gone.png': { status: 404, body: png },
}

let world: World
beforeAll(async () => {
  world = await startWorld({
    outbound: {
      ...createOutbound(),
      async get(url) {
        const found = pictures[url]
        if (found === undefined) throw new OutboundError('unreachable')
        return { status: found.status ?? 200, headers: { 'content-type': 'text/html' }, body: found.body }
      },
    },
  })
})
afterAll(() => world.close())

const settings = '/v1/settings'
const change = (body: object) => world.ok('PATCH', settings, body)

describe('settings', () => {
  it('begin with the house, and with nobody coming in who was not invited', async () => {
    expect(await world.ok('GET', settings)).toEqual({
      name: 'Default',
      logoUri: null,
      colors: null,
      signIn: { password: true, passkey: true, mailCode: true },
      signUp: 'invited',
      portal: 'invited',
    })
  })

  it('keep what is not sent, and give the default back for null', async () => {
    await change({ name: 'Northwind', colors: { accent: '#0B6E4F' }, signIn: { mailCode: false } })
    expect(await change({ signUp: 'off' })).toMatchObject({
      name: 'Northwind',
      colors: { accent: '#0b6e4f', accentDark: expect.stringMatching(/^#[0-9a-f]{6}$/) },
      signIn: { password: true, passkey: true, mailCode: false },
      signUp: 'off',
    })
    expect(await change({ colors: null })).toMatchObject({ name: 'Northwind', colors: null, signUp: 'off' })
  })

  it('leave one way in at least, and nothing is changed', async () => {
    await change({ signIn: { password: true, passkey: false, mailCode: false } })
    const reply = await world.call('PATCH', settings, { body: { name: 'Other', signIn: { password: false } } })
    expect([reply.status, reply.body.errors[0]?.pointer]).toEqual([400, '/signIn'])
    expect(await world.ok('GET', settings)).toMatchObject({ name: 'Northwind', signIn: { password: true } })
    await change({ signIn: { passkey: true, mailCode: true } })
    const byMail = { password: false, passkey: false, mailCode: true }
    const alone = await world.call('PATCH', settings, { body: { signIn: byMail } })
    expect([alone.status, alone.body.detail.includes('mail is off')]).toEqual([400, true])
  })

  it('leave more than passkeys where the server is reached by an address, which can have none', async () => {
    const byAddress = await startWorld({ baseUrl: 'http://127.0.0.1:4800' })
    const update = (signIn: object) => byAddress.call('PATCH', settings, { body: { signIn } })
    const alone = await update({ password: false, passkey: true, mailCode: false })
    expect([alone.status, alone.body.detail.includes('passkeys want a server')]).toEqual([400, true])
    expect((await update({ password: false, passkey: true, mailCode: true })).status).toBe(400)
    expect((await update({ password: true, passkey: true, mailCode: false })).status).toBe(200)
    await byAddress.close()
  })

  it.each([true, false])('with passkeys alone show no other form, mailed codes without mail: %s', async (mailCode) => {
    await change({ signIn: { password: false, passkey: true, mailCode } })
    const page = await openBrowser(world).get('/login')
    await change({ signIn: { password: true, passkey: true, mailCode: true } })
    expect([...page.text.matchAll(/<form [^>]*data-passkey="(\w+)"/g)].map(([, kind]) => kind)).toEqual(['get'])
    expect([page.text.split('<form ').length, page.text.includes('name="email"')]).toEqual([2, false])
  })

  it('are told of in the audit log with what was before', async () => {
    await change({ portal: 'open' })
    const { data } = await world.ok('GET', '/v1/audit?action=settings.update&limit=100')
    expect(data.find((each) => (each.after as unknown as { portal: string }).portal === 'open')).toMatchObject({
      objectType: 'settings',
      objectId: 'default',
      before: { portal: 'invited' },
    })
  })

  it('need the scope of settings over the tenant', async () => {
    const { key } = await world.caller('accounts:write teams:write settings:read')
    expect((await world.call('GET', settings, { as: key })).status).toBe(200)
    expect((await world.call('PATCH', settings, { as: key, body: { signUp: 'open' } })).status).toBe(403)
  })

  it('are those of one tenant', async () => {
    const { adminKey, issuer } = await world.ok('POST', '/v1/tenants', { slug: 'beside', name: 'Beside' })
    const at = new URL(issuer).pathname
    const own = await world.call('PATCH', settings, { as: adminKey, at, body: { name: 'Own', signUp: 'open' } })
    expect(own.body).toMatchObject({ name: 'Own', signUp: 'open' })
    expect(await world.ok('GET', settings)).toMatchObject({ name: 'Northwind', signUp: 'off' })
    expect((await openBrowser(world, { at }).get('/login')).text).toContain('<title>Sign in · Own</title>')
  })
})

describe('colours', () => {
  it.each([
    ['#ffff00', 'light', '/colors/accent'],
    ['#f8fbfa', 'light', '/colors/accent'],
  ] as const)('%s, which nobody could read, is refused with one that can be', async (accent, theme, pointer) => {
    const reply = await world.call('PATCH', settings, { body: { colors: { accent } } })
    expect([reply.status, reply.body.errors[0]?.pointer]).toEqual([400, pointer])
    const better = /#[0-9a-f]{6}/.exec(reply.body.errors[0]?.detail ?? '')?.[0] as string
    expect(isReadable(better, theme)).toBe(true)
    await change({ colors: { accent: better } })
  })

  it('that are no #rrggbb are refused, so that none is ever more than a colour in the style sheet', async () => {
    for (const accent of ['red', '#fff', '#12345g', '#123456;}', 'url(x)', '#1234567', '']) {
      const reply = await world.call('PATCH', settings, { body: { colors: { accent } } })
      expect([reply.status, reply.body.errors[0]?.pointer], accent).toEqual([400, '/colors/accent'])
    }
  })

  it('come as a style sheet of their own, and a page has no style in it', async () => {
    await change({ colors: { accent: '#0b6e4f' } })
    const page = await openBrowser(world).get('/login')
    const path = /href="http:\/\/localhost:4800(\/assets\/colors-[^"]+)"/.exec(page.text)?.[1] as string
    expect(page.text).not.toMatch(/style=|<style|#0b6e4f/)
    const sheet = await world.call('GET', path, { as: null })
    expect([sheet.status, sheet.headers['Content-Type']]).toEqual([200, 'text/css; charset=utf-8'])
    expect(sheet.text).toMatch(/^:root \{ --sign: light-dark\(#0b6e4f, #[0-9a-f]{6}\);/)
    await change({ colors: { accent: '#1847c3' } })
    expect((await world.call('GET', path, { as: null })).status).toBe(404)
    await change({ colors: null })
  })

  it('that are made from one for the other ground can be read, whatever the one is', () => {
    for (let red = 0; red < 256; red += 51)
      for (let green = 0; green < 256; green += 51)
        for (let blue = 0; blue < 256; blue += 51) {
          const color = `#${[red, green, blue].map((value) => value.toString(16).padStart(2, '0')).join('')}`
          for (const theme of ['light', 'dark'] as const) expect(isReadable(readable(color, theme), theme)).toBe(true)
        }
    expect(contrast('#ffffff', '#000000')).toBe(21)
    expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2)
  })
})

describe('a logo', () => {
  it('is fetched once, and shown from here with the type of its bytes, of no origin', async () => {
    const uri = 'https://acme.example/logo.png'
    expect(await change({ logoUri: uri })).toMatchObject({ logoUri: uri })
    const page = await openBrowser(world).get('/login')
    const path = /<img class="logo" src="http:\/\/localhost:4800(\/assets\/logo\/[0-9a-f]{64})" alt="">/.exec(
      page.text,
    )?.[1]
    const { status, headers, text } = await world.call('GET', path as string, { as: null })
    expect([status, headers['Content-Type']]).toEqual([200, 'image/png'])
    expect(headers['Content-Security-Policy']).toBe("sandbox; default-src 'none'")
    expect(headers['X-Content-Type-Options']).toBe('nosniff')
    expect(text).toBe(png.toString())
    expect(await change({ logoUri: null })).toMatchObject({ logoUri: null })
    expect((await world.call('GET', path as string, { as: null })).status).toBe(404)
    expect((await openBrowser(world).get('/login')).text).not.toContain('<img')
  })

  it.each([
    'https://acme.example/logo.svg',
    'https://acme.example/page.html',
    'https://acme.example/gone.png',
    'https://nowhere.example/logo.png',
  ])('that is no picture at %s is refused, and nothing is changed', async (logoUri) => {
    const before = world.dump()
    const reply = await world.call('PATCH', settings, { body: { name: 'Another', logoUri } })
    expect([reply.status, reply.body.errors[0]?.pointer]).toEqual([400, '/logoUri'])
    expect(world.dump()).toBe(before)
  })
})
