import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { audience, startWorld, type World } from '../../server.fixture.ts'
import { openBrowser } from '../../sign_in.fixture.ts'
import { send } from '../../wire.fixture.ts'
import { makePerson, makeTeam } from '../teams.fixture.ts'
import { openPortalFiles } from './files.ts'

let folder: string
let world: World
let isBuilding = false

function build(script: string): void {
  mkdirSync(join(folder, 'assets'), { recursive: true })
  writeFileSync(join(folder, 'assets', script), 'export {}')
  writeFileSync(join(folder, 'assets', `${script}.gz`), gzipSync('export {}'))
  const manifest = { 'src/main.tsx': { file: `assets/${script}`, css: ['assets/main.css'], isEntry: true } }
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest))
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-portal-'))
  world = await startWorld({
    portal: openPortalFiles([join(folder, 'published'), folder]),
    isPortalBuilding: () => isBuilding,
  })
  await world.ok('PATCH', `/v1/apis/${world.apiId}`, { selfServiceScope: 'orders:read' })
})
afterAll(async () => {
  await world.close()
  rmSync(folder, { recursive: true })
})

describe('the page', () => {
  beforeEach(() => {
    isBuilding = false
    rmSync(join(folder, 'manifest.json'), { force: true })
  })

  it('sends whoever is not signed in to do that, and back to the same address', async () => {
    const reply = await openBrowser(world).get('/portal/keys?status=active')
    expect(reply.status).toBe(303)
    const location = new URL(reply.headers.Location ?? '')
    expect([location.pathname, location.searchParams.get('returnTo')]).toEqual(['/login', '/portal/keys?status=active'])
  })

  it('says that it is being built, and asks again by itself; that it is not built, and how', async () => {
    const { browser } = await makePerson(world)
    isBuilding = true
    const building = await browser.get('/portal')
    expect([building.status, building.headers.Refresh]).toEqual([503, '2'])
    expect(building.text).toContain('The portal is being built')
    isBuilding = false
    const absent = await browser.get('/portal')
    expect([absent.status, absent.headers.Refresh]).toEqual([503, undefined])
    expect(absent.text).toContain('npm run build:portal')
  })

  it('is the same for every path below it, is not kept, runs nothing inline and is framed by nobody', async () => {
    build('main-1.js')
    const { browser } = await makePerson(world)
    for (const path of ['/portal', '/portal/keys', '/portal/keys/new']) {
      const { status, headers, text } = await browser.get(path)
      expect([status, headers['Cache-Control']]).toEqual([200, 'no-store'])
      expect(text).toContain('<script type="module" src="http://localhost:4800/assets/main-1.js"></script>')
      expect(headers['Content-Security-Policy']?.split('; ')).toEqual(
        expect.arrayContaining([
          "default-src 'self'",
          "style-src 'self'",
          "script-src 'self'",
          "require-trusted-types-for 'script'",
          "frame-ancestors 'none'",
        ]),
      )
      expect(headers).toMatchObject({
        'Cross-Origin-Opener-Policy': 'same-origin',
        'Referrer-Policy': 'no-referrer',
        'X-Content-Type-Options': 'nosniff',
      })
    }
  })

  it('has no page of its parts, and says so by its status, where the server was not told to show them', async () => {
    build('main-1.js')
    const { browser } = await makePerson(world)
    expect((await browser.get('/portal')).text).not.toContain('data-kit')
    for (const path of ['/portal/kit', '/portal/kit/']) expect((await browser.get(path)).status).toBe(404)
    expect((await browser.get('/portal/kits')).status).toBe(200)
  })

  it('names the files of a new build without a new start', async () => {
    build('main-1.js')
    const { browser } = await makePerson(world)
    await browser.get('/portal')
    build('main-2.js')
    utimesSync(join(folder, 'manifest.json'), new Date(), new Date(Date.now() + 5_000))
    expect((await browser.get('/portal')).text).toContain('/assets/main-2.js')
  })

  it('is served from where a build ends after the start, also when the other folder is there and has none', async () => {
    const unbuilt = join(folder, 'unbuilt')
    mkdirSync(unbuilt)
    const portal = openPortalFiles([unbuilt, folder])
    expect(portal.entry()).toBeUndefined()
    build('main-1.js')
    expect(portal.entry()?.script).toBe('/assets/main-1.js')
    expect(portal.find('/assets/main-1.js')).toBeDefined()
  })

  it('names its account, and what it calls in that name no other account answers', async () => {
    build('main-1.js')
    const { browser } = await makePerson(world)
    const other = await makePerson(world)
    const named = async (by: typeof browser) => /data-account="([^"]+)"/.exec((await by.get('/portal')).text)?.[1] ?? ''
    const account = await named(browser)
    const ask = (by: typeof browser, path: string) =>
      by.call('GET', path, undefined, [
        ['Sec-Fetch-Site', 'same-origin'],
        ['Countersign-Account', account],
      ])
    expect((await ask(browser, '/v1/me')).body).toMatchObject({ subject: account })
    for (const path of ['/v1/me', '/v1/keys'])
      expect(await ask(other.browser, path)).toMatchObject({ status: 403, body: { code: 'account_mismatch' } })
  })

  it('comes in the theme that was chosen at this browser', async () => {
    build('main-1.js')
    const { browser } = await makePerson(world)
    const dark = openBrowser(world, { cookie: `${browser.cookie()}; cs-theme=dark` })
    expect((await dark.get('/portal')).text).toContain('<html lang="en" data-theme="dark">')
    const odd = openBrowser(world, { cookie: `${browser.cookie()}; cs-theme=dark" onload="x` })
    expect((await odd.get('/portal')).text).toContain('<html lang="en">')
  })

  it('has files that are kept for good, compressed as they were built', async () => {
    build('main-1.js')
    const reply = await send(world.server, 'GET', '/assets/main-1.js', [
      ['Host', 'localhost:4800'],
      ['Accept-Encoding', 'br, gzip'],
    ])
    expect(reply.headers).toMatchObject({
      'Content-Encoding': 'gzip',
      'Cache-Control': 'public, max-age=31536000, immutable',
      'Content-Type': 'text/javascript; charset=utf-8',
    })
    expect((await send(world.server, 'GET', '/assets/manifest.json', [['Host', 'localhost:4800']])).status).toBe(404)
  })
})

describe('a team of one’s own', () => {
  beforeAll(() => build('main-1.js'))
  const given = [{ audience, scope: 'orders:read' }]
  const teamsOf = async (browser: Awaited<ReturnType<typeof makePerson>>['browser']) =>
    (await browser.call('GET', '/v1/me')).body.teams

  it('is made only where everybody gets one', async () => {
    const { browser } = await makePerson(world)
    for (const portal of ['invited', 'off']) {
      await world.ok('PATCH', '/v1/settings', { portal })
      await browser.get('/portal')
      expect(await teamsOf(browser)).toEqual([])
    }
  })

  it('comes with the first visit, once, with what each API gives by itself; deleted, it does not come back', async () => {
    await world.ok('PATCH', '/v1/settings', { portal: 'open' })
    const { browser } = await makePerson(world)
    await Promise.all([browser.get('/portal'), browser.get('/portal/keys')])
    await browser.get('/portal')
    const teams = await teamsOf(browser)
    expect(teams).toEqual([expect.objectContaining({ role: 'owner' })])
    const { id } = (teams as [{ readonly id: string }])[0]
    expect((await browser.call('GET', `/v1/teams/${id}`)).body.access).toEqual(given)
    await world.ok('DELETE', `/v1/teams/${id}`)
    await browser.get('/portal')
    expect(await teamsOf(browser)).toEqual([])
  })

  it('has what a team that a portal link makes has: of an API too that is disabled for the moment', async () => {
    await world.ok('PATCH', '/v1/settings', { portal: 'open' })
    const scopes = [{ name: 'a' }, { name: 'b' }]
    const other = { audience: 'https://paused.test', name: 'Paused', scopes, selfServiceScope: 'a' }
    const { id } = await world.ok('POST', '/v1/apis', other)
    await world.ok('PATCH', `/v1/apis/${id}`, { status: 'disabled' })
    const { browser } = await makePerson(world)
    await browser.get('/portal')
    const externalId = 'partner'
    await world.ok('POST', '/v1/portal-links', { team: { externalId, name: 'Partner' } })
    const [own] = (await browser.call('GET', '/v1/teams')).body.data
    const linked = (await world.ok('GET', '/v1/teams')).data.find((each) => each.externalId === externalId)
    const both = new Set([...given, { audience: other.audience, scope: 'a' }])
    expect([own, linked].map((team) => new Set(team?.access as readonly object[]))).toEqual([both, both])
    await world.ok('DELETE', `/v1/apis/${id}`)
  })

  it('is for nobody who is in a team, and for no operator', async () => {
    await world.ok('PATCH', '/v1/settings', { portal: 'open' })
    const operator = await makePerson(world, { role: 'operator', scope: 'keys:read' })
    await operator.browser.get('/portal')
    expect(await teamsOf(operator.browser)).toEqual([])
  })
})

it('makes no team for whoever came by a link to the portal of another', async () => {
  build('main-1.js')
  await world.ok('PATCH', '/v1/settings', { portal: 'open' })
  const { id } = await makeTeam(world)
  const account = { subject: 'customer', name: 'Customer' }
  const { url } = await world.ok('POST', '/v1/portal-links', { teamId: id, account })
  const browser = openBrowser(world)
  await browser.submit(await browser.get('/login/link'), '/login/link', { code: new URL(url).hash.slice(1) })
  expect((await browser.get('/portal')).status).toBe(200)
  const { data } = await world.ok('GET', '/v1/accounts?externalSubject=customer')
  expect(await world.store.read.memberships.ofAccount('default', String(data[0]?.id))).toEqual([])
})
