import { problemCodes, problemHelp } from '@countersign/contract'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { baseUrl, startWorld, type World } from '../../server.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

it('every code that the server answers has a page with its cause, what to do and an example, which anybody may read', async () => {
  for (const code of problemCodes) {
    const { status, text, headers } = await world.call('GET', `/errors/${code}`, { as: null })
    expect(status, code).toBe(200)
    expect(text).toContain(`<h1><code>${code}</code></h1>`)
    expect(text).toContain(`${baseUrl}/errors/${code}&quot;`)
    expect(headers['Content-Security-Policy']).toContain("default-src 'none'")
  }
})

it('the list leads to every page, and a code that there is not is 404 and stands nowhere on the page', async () => {
  const { text } = await world.call('GET', '/errors', { as: null })
  for (const code of Object.keys(problemHelp)) expect(text).toContain(`href="${baseUrl}/errors/${code}"`)
  const unknown = await world.call('GET', '/errors/%3Cscript%3E', { as: null })
  expect([unknown.status, unknown.text.includes('script')]).toEqual([404, false])
  expect((await world.call('GET', '/errors/constructor', { as: null })).status).toBe(404)
})

it('the texts are plain: each sentence ends, and none names a credential', () => {
  for (const [code, { cause, example, mend }] of Object.entries(problemHelp)) {
    expect(mend.length, code).toBeGreaterThan(0)
    for (const sentence of [cause, example, ...mend]) expect(sentence, code).toMatch(/[.…]$/)
  }
})
