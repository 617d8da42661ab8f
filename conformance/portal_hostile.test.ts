/** Texts that somebody else wrote, on every screen of the portal that shows them: nothing of them runs or is loaded. */
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { browser, hasChromium, product, useProduct } from './browser.fixture.ts'
import { makeAccount } from './person.fixture.ts'
import { openLink } from './portal.fixture.ts'
import { call, guarded, text } from './product.fixture.ts'
import { makeDescribedApi } from './reference.fixture.ts'

useProduct()

/** Each sets `ran` if it can, or asks an origin that is not ours. */
const run = 'globalThis.ran=1'
const away = 'https://evil.example'

/** Ways out of a text. */
const breakouts = ['', '"', "'", '`', '-->', ']]>', '</script>', '</style>', '</title>', '</textarea>', '\\', '\u202e']

/** Texts behind the way out. */
const payloads = [
  `<script>${run}</script>`,
  `<img src=x onerror=${run}>`,
  `<svg/onload=${run}>`,
  `<iframe srcdoc="<script>parent.ran=1</script>">`,
  `<a href="javascript:${run}">open</a>`,
  ` autofocus onfocus=${run} x=`,
  `<base href="${away}/">`,
  `<link rel=stylesheet href="${away}/a.css">`,
  `<style>@import '${away}/b.css';*{background:url(${away}/c)}</style>`,
  `<meta http-equiv=refresh content="0;url=${away}">`,
  `<form action="${away}"><button>Create key</button></form>`,
  `[open](javascript:${run})`,
  `![picture](${away}/d.png)`,
  `<${away}/e>`,
  `[x]: javascript:${run}\n[open][x]`,
  `{{constructor.constructor('${run}')()}}`,
  `\${${run}}`,
]

/** So many texts; each way out comes with each payload before any comes twice. */
const many = inject('isFull') ? 200 : 34
const texts = Array.from({ length: many }, (_, index) => {
  const payload = payloads[index % payloads.length] as string
  return `${breakouts[(index + Math.floor(index / payloads.length)) % breakouts.length]}${payload} ${index}`
})
const nameOf = (index: number) => texts[index % many] as string

/** A document that has such a text wherever a person may write one. */
const description = {
  openapi: '3.1.0',
  info: { title: nameOf(0), description: nameOf(1), version: '1' },
  servers: [{ url: 'https://calls.hostile.example', description: nameOf(2) }],
  paths: Object.fromEntries(
    texts.map((each, index) => [
      `/things/${index}`,
      {
        get: {
          operationId: `get${index}`,
          tags: [each],
          summary: each,
          description: `${each}\n\n## ${each}\n\n- ${each}\n\n\`\`\`html\n${each}\n\`\`\`\n`,
          security: [{ oauth: ['things:read'] }],
          externalDocs: { url: `javascript:${run}`, description: each },
          parameters: [
            { name: each.slice(0, 60), in: 'query', description: each, schema: { type: 'string', default: each } },
            { name: 'id', in: 'query', description: each, example: each, schema: { enum: [each, nameOf(index + 1)] } },
          ],
          requestBody: { description: each, content: { 'application/json': { example: { [each]: each } } } },
          responses: { '200': { description: each, content: { 'application/json': { schema: { title: each } } } } },
        },
      },
    ]),
  ),
  components: {
    securitySchemes: {
      oauth: {
        type: 'oauth2',
        description: nameOf(3),
        flows: { clientCredentials: { tokenUrl: '/t', scopes: { 'things:read': nameOf(4) } } },
      },
    },
  },
}

/** Notes all that no text may do. */
async function watch(page: Page): Promise<() => Promise<readonly string[]>> {
  const done: string[] = []
  page.on('dialog', async (dialog) => {
    done.push(`dialog ${dialog.message()}`)
    await dialog.dismiss()
  })
  page.on('request', (request) => {
    const { origin } = new URL(request.url())
    if (origin !== product.url && !request.url().startsWith('blob:')) done.push(`request ${request.url()}`)
  })
  page.on('console', (message) => done.push(`console ${message.text()}`))
  page.on('pageerror', ({ message }) => done.push(`error ${message}`))
  await page.addInitScript(() =>
    document.addEventListener('securitypolicyviolation', ({ blockedURI, violatedDirective }) =>
      console.error(`blocked ${violatedDirective} ${blockedURI}`),
    ),
  )
  return async () => {
    const hasRun = await page.evaluate(() => 'ran' in globalThis)
    const strange = await page.evaluate(() =>
      [...document.querySelectorAll('main *')]
        .filter((each) => /^(?:IFRAME|SCRIPT|STYLE|BASE|META|LINK|OBJECT|EMBED)$/.test(each.tagName))
        .map((each) => each.outerHTML),
    )
    const links = await page.evaluate(() =>
      [...document.querySelectorAll('a[href]')]
        .map((link) => (link as HTMLAnchorElement).href)
        .filter((href) => !/^(?:https?|mailto|blob):/.test(href)),
    )
    return [...done, ...(hasRun ? [`ran at ${page.url()}`] : []), ...strange, ...links]
  }
}

describe.skipIf(!hasChromium)('a hostile text', () => {
  let accountId = ''
  let apiId = ''
  let clientId = ''
  const keys: string[] = []

  beforeAll(async () => {
    const api = await makeDescribedApi('Hostile', JSON.stringify(description))
    apiId = api.id
    await call(product, 'PATCH', `/v1/apis/${apiId}`, { name: nameOf(5) })
    const account = await makeAccount(product, { password: undefined, name: nameOf(6), emailVerified: true })
    accountId = account.accountId
    const access = [{ audience: api.audience, scope: 'things:read' }]
    const team = await call(product, 'POST', '/v1/teams', {
      name: nameOf(7),
      access,
      externalId: nameOf(9).slice(0, 60),
    })
    const teamId = text(team.body.id)
    await call(product, 'POST', `/v1/teams/${teamId}/members`, { email: account.email, role: 'owner' })
    const client = await call(product, 'POST', '/v1/clients', {
      name: nameOf(8),
      type: 'service',
      teamId,
      access,
    })
    clientId = text(client.body.clientId)
    for (const [index, name] of texts.entries()) {
      const made = await call(product, 'POST', '/v1/keys', {
        clientId: client.body.clientId,
        audience: api.audience,
        scope: 'things:read',
        name,
        subject: nameOf(index + 1),
        metadata: { note: nameOf(index + 2) },
      })
      expect(made.status, JSON.stringify(made.body)).toBe(201)
      keys.push(text(made.body.id))
      if (index < 5) await call(product, 'POST', `/v1/keys/${text(made.body.id)}/revoke`, { reason: nameOf(index + 3) })
      if (index === 6) await guarded(product, 'POST', `/orders?${encodeURIComponent(name)}`, text(made.body.key))
    }
    await call(product, 'POST', `/v1/teams/${teamId}/members`, { email: 'b@example.com', role: 'viewer' })
  }, 120_000)

  it(`of ${many} runs on no screen that shows it, loads nothing, and leads nowhere`, async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await openLink(page, accountId)
    const done = await watch(page)
    const shown = new Set<string>()
    const look = async (path: string, ready: string): Promise<void> => {
      await page.goto(`${product.portalUrl}${path}`)
      await page.locator(ready).first().waitFor()
      expect(await done(), path).toEqual([])
      const said = await page.evaluate(() => document.body.innerText)
      for (const each of texts) if (said.includes(each.trim().split('\n')[0] as string)) shown.add(each)
    }
    for (let path = '/keys?ended=shown'; ; path = page.url().slice(product.portalUrl.length)) {
      await look(path, '.keys tbody')
      const next = page.getByRole('button', { name: 'Next page' })
      if (await next.isDisabled()) break
      const before = page.url()
      await next.click()
      await page.waitForURL((url) => url.href !== before)
    }
    // Every key has its name there.
    expect(texts.filter((each) => !shown.has(each))).toEqual([])
    for (const id of keys.slice(0, inject('isFull') ? many : 7)) await look(`/keys/${id}`, 'h1')
    await look(`/keys/${keys[8]}?panel=revoke`, '[role=alertdialog]')
    await look('/keys/new', 'form.parts')
    await look('/', 'h1')
    await look('/applications', 'h1')
    await look(`/applications/${clientId}`, 'h1')
    await look('/keys?form=token', 'h1')
    await look(`/keys/${keys[8]}?panel=edit`, 'h1')
    await look('/team', '.team, .members, h1')
    await look('/connections', 'h1')
    await look('/usage?by=keyId', 'h1')
    await look('/refusals', 'h1')
    await look('/debugger', 'textarea')
    await look(`/reference?api=${apiId}`, '.operations a')
    for (let index = 0; index < many; index++) {
      await page.evaluate((to) => {
        history.pushState(null, '', to)
        dispatchEvent(new PopStateEvent('popstate'))
      }, `${product.portalUrl}/reference?api=${apiId}&op=get${index}&q=`)
      await page.locator('.route', { hasText: `/things/${index}` }).waitFor()
      await page.getByRole('heading', { name: 'Answers' }).waitFor()
      expect(await done(), `operation ${index}`).toEqual([])
    }
    await context.close()
  }, 300_000)
})
