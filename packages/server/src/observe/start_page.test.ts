import { afterAll, beforeAll, expect, it } from 'vitest'
import { baseUrl, startWorld, type World } from '../server.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

it('a browser at the issuer sees a page whose links all work, and which can do nothing', async () => {
  const { status, headers, text } = await world.call('GET', '/', { as: null })
  expect(status).toBe(200)
  expect(headers['Content-Type']).toBe('text/html; charset=utf-8')
  expect(headers['Content-Security-Policy']).toContain("default-src 'none'")
  expect(text).not.toMatch(/<script|<style|<form|<img|\son\w+=/)
  const links = [...text.matchAll(/href="([^"]+)"/g)].map(([, link]) => link as string)
  expect(links.length).toBeGreaterThanOrEqual(3)
  for (const link of links) {
    expect(link.startsWith(`${baseUrl}/`)).toBe(true)
    expect((await world.call('GET', link.slice(baseUrl.length), { as: null })).status, link).toBe(200)
  }
})

it('each tenant has its own, and a method that it does not have is 405', async () => {
  const { issuer } = await world.ok('POST', '/v1/tenants', { slug: 'acme', name: 'Acme' })
  expect((await world.call('GET', '/', { as: null, at: '/t/acme' })).text).toContain(`${issuer}/openapi.json`)
  expect((await world.call('POST', '/', { as: null })).status).toBe(405)
})
