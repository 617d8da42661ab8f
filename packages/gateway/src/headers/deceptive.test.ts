import { afterAll, beforeAll, expect, it } from 'vitest'
import { openWorld, statusesOf, type World } from '../gateway.fixture.ts'

/** Each says another caller, host, method or path than the request has, in one way of writing it or another. */
const names = [
  ...['X-HTTP-Method-Override', 'X.HTTP.Method.Override', 'X_HTTP_METHOD_OVERRIDE', 'X-HTTP-Method', 'X-Method'],
  ...['X_Method', 'X-Method-Override', 'X-HTTP-Verb', 'Method-Override', 'X-Original-Method', 'x.method'],
  ...['X-Original-URI', 'X_Original_Uri', 'X-Original-URL', 'X-Rewrite-URL', 'X-Rewrite-URI', 'X-Original-Host'],
  ...['X-Request-URI', 'X-Envoy-Original-Path', 'X-Override-URL', 'X.Original.Url'],
  ...['True-Client-IP', 'TRUE_CLIENT_IP', 'CF-Connecting-IP', 'CF.Connecting.IP', 'CF-Connecting-IPv6', 'X-Client-IP'],
  ...['X-Cluster-Client-IP', 'Fastly-Client-IP', 'Client-IP', 'X-Real-IP', 'X-Originating-IP', 'X-Remote-IP'],
  ...['X-Remote-Addr', 'X-Forwarded', 'Forwarded-For', 'X-Original-Forwarded-For', 'X-Envoy-External-Address'],
  ...['X-Azure-ClientIP', 'X-Appengine-User-IP', 'X-Forwarded-Client-Cert', 'Remote-User', 'X-Remote-User'],
  ...['X-Scheme', 'X-SSL-Client-Cert', 'X_SSL_Client_S_DN', 'X-SSL-Client-Verify', 'X-SSL-Client-CN', 'X-WebAuth-User'],
  ...['Base-Url', 'X-Real-Port', 'Cdn-Src-Ip'],
]

let world: World
let key = ''
beforeAll(async () => {
  world = await openWorld()
  key = (await world.key('orders:read')).text
})
afterAll(() => world.close())

const ask = async (name: string, value: string): Promise<readonly number[]> => {
  const fields = [`X-API-Key: ${key}`, `${name}: ${value}`, 'Connection: close']
  return statusesOf(await world.raw(['GET /orders HTTP/1.1', 'Host: a', ...fields, '', ''].join('\r\n')))
}

it.each(names)('%s does not reach the upstream', async (name) => {
  // As the request has it, where another value would be refused at once.
  const value = /method|verb/i.test(name) ? 'GET' : /ur[il]|path/i.test(name) ? '/orders' : '203.0.113.9'
  expect(await ask(name, value)).toEqual([200])
  const { rawHeaders = [] } = world.seen.at(-1) ?? {}
  const seen = rawHeaders.filter((_, index) => index % 2 === 0).map((each) => each.toLowerCase())
  expect(seen).not.toContain(name.toLowerCase())
})

it.each(['X-HTTP-Method-Override', 'X.HTTP.Method.Override', 'x_http_method'])(
  '%s that asks for another method is refused',
  async (name) => {
    const before = world.seen.length
    expect(await ask(name, 'DELETE')).toEqual([400])
    expect(world.seen).toHaveLength(before)
  },
)
