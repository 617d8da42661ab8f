import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { allRoutes } from '@countersign/contract'
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import { freePort } from '../../../scripts/free_port.ts'
import { ApiError } from './api_error.ts'
import { createManagementClient, type ManagementClient } from './management_client.ts'
import { operations } from './operations.ts'
import { audience, setUp, startServer, type TestServer } from './server.fixture.ts'

let server: TestServer
let management: ManagementClient

beforeAll(async () => {
  server = await startServer()
  management = server.management
})
afterAll(() => server.close())

it('has one method for each operation of the contract, at its place', () => {
  const here = Object.entries(operations).map(([id, place]) => [id, ...place])
  const there = allRoutes.map((route) => [
    route.operationId,
    route.method,
    route.path,
    ...(route.isIdempotent === true ? ['creates'] : []),
  ])
  expect(here.sort()).toEqual(there.sort())
})

it('makes, reads, changes, rolls, lists and revokes a key with the contract’s types', async () => {
  const { clientId } = await setUp(server)
  const made = await management.createKey({ body: { clientId, audience, scope: ['orders:read'], name: 'one' } })
  expectTypeOf(made.key).toEqualTypeOf<string>()
  expect(made.key).toMatch(/^cs_live_/)
  const { id } = made
  expect(await management.getKey({ params: { id } })).toMatchObject({ id, scope: 'orders:read', status: 'active' })
  const changed = await management.updateKey({ params: { id }, body: { rateLimit: { limit: 5, windowSeconds: 60 } } })
  expect(changed.rateLimit).toEqual({ limit: 5, windowSeconds: 60 })
  const rolled = await management.rollKey({ params: { id }, body: { graceSeconds: 60 } })
  expect(rolled.rolledFrom).toBe(id)
  const { data, next } = await management.listKeys({ query: { clientId, limit: 1 } })
  expect([data.length, typeof next]).toEqual([1, 'string'])
  const revoked = await management.revokeKey({ params: { id: rolled.id }, body: { reason: 'leaked' } })
  expect(revoked.status).toBe('revoked')
  const verdict = await management.verify({ body: { credential: rolled.key, audience } })
  expect(verdict).toMatchObject({ active: false, code: 'revoked' })
  const lines = await management.feedSnapshot()
  expect(lines.split('\n')[0]).toContain('"place"')
})

it('walks every page of a list', async () => {
  const { clientId } = await setUp(server)
  for (let count = 0; count < 5; count++) {
    await management.createKey({ body: { clientId, audience, scope: 'orders:read', name: `${count}` } })
  }
  const names: string[] = []
  for await (const key of management.listAll('listKeys', { query: { clientId, limit: 2 } })) names.push(key.name)
  expect(names.sort()).toEqual(['0', '1', '2', '3', '4'])
  for await (const event of management.listAll('listAudit', { query: { action: 'key.create' } })) {
    expectTypeOf(event.sequence).toEqualTypeOf<number>()
    expect(event.action).toBe('key.create')
  }
})

it('imports a document as it is, in JSON or YAML', async () => {
  await setUp(server)
  const api = (await management.listApis()).data.find((each) => each.audience === audience)!
  const yaml = 'openapi: 3.1.0\ninfo: {title: A, version: "1"}\npaths:\n  /a:\n    get: {security: [{k: ["a:r"]}]}\n'
  const { operations: found } = await management.importOpenapi({
    params: { id: api.id },
    query: { dryRun: 'true' },
    document: yaml,
  })
  expect(found).toMatchObject([{ method: 'GET', path: '/a', requires: [['a:r']] }])
})

describe('errors', () => {
  it('carry status, code, detail, request id and what is wrong where', async () => {
    const error = await failureOf(management.getKey({ params: { id: 'AAAAAAAAAAAA' } }))
    expect(error).toMatchObject({ status: 404, code: 'not_found' })
    expect(error.requestId).toMatch(/^req_/)
    const body = { clientId: 'x', audience: 'no uri', scope: 'a', name: '' }
    const invalid = await failureOf(management.createKey({ body }))
    expect(invalid.status).toBe(400)
    expect(invalid.errors.map(({ pointer }) => pointer)).toEqual(expect.arrayContaining(['/audience', '/name']))
  })

  it('never show a credential, even one that the server repeats', async () => {
    const credential = server.adminKey
    const foreign = await scripted((_, response) => {
      response.writeHead(403, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ code: 'no', detail: `you sent ${credential}`, errors: [{ detail: credential }] }))
    })
    const client = createManagementClient({ issuer: foreign.issuer, credential })
    const error = await failureOf(client.listKeys())
    expect(error).toMatchObject({ status: 403, code: 'no', detail: 'you sent [redacted]' })
    expect(inspect([error, client], { depth: 9, showHidden: true }) + JSON.stringify(error)).not.toContain(credential)
    foreign.close()
  })

  it('tell a server that is down, too slow, redirecting or none of ours apart', async () => {
    const port = await freePort()
    const down = createManagementClient({ issuer: `http://127.0.0.1:${port}`, credential: 'x' })
    expect(await failureOf(down.listKeys())).toMatchObject({ status: 0, code: 'unreachable' })
    const seen: string[] = []
    const foreign = await scripted((request, response) => {
      seen.push(request.url ?? '')
      if (request.url === '/v1/keys') response.writeHead(307, { location: '/elsewhere' }).end()
      else if (request.url === '/v1/clients') response.writeHead(200, { 'content-type': 'text/html' }).end('<p>')
    })
    const client = createManagementClient({ issuer: foreign.issuer, credential: 'x', timeoutMs: 200 })
    expect(await failureOf(client.listKeys())).toMatchObject({ code: 'redirected', status: 307 })
    expect(await failureOf(client.listClients())).toMatchObject({ code: 'bad_answer' })
    expect(await failureOf(client.listApis())).toMatchObject({ code: 'timeout' })
    expect(seen).toEqual(['/v1/keys', '/v1/clients', '/v1/apis'])
    foreign.close()
  })
})

describe('what creates', () => {
  it('is sent once more with the same Idempotency-Key after a 503 or a broken connection; nothing else is', async () => {
    const seen: (string | undefined)[] = []
    let answers: ('503' | 'break' | 'ok')[] = []
    const foreign = await scripted((request, response) => {
      seen.push(request.headers['idempotency-key'] as string | undefined)
      const answer = answers.shift()
      if (answer === 'break') request.socket.destroy()
      else response.writeHead(answer === '503' ? 503 : 201, { 'content-type': 'application/json' }).end('{"id":"a"}')
    })
    const client = createManagementClient({ issuer: foreign.issuer, credential: 'x' })
    for (const first of ['503', 'break'] as const) {
      answers = [first, 'ok']
      seen.length = 0
      expect(await client.rollKey({ params: { id: 'a' } })).toEqual({ id: 'a' })
      expect(seen).toHaveLength(2)
      expect(seen[0]).toMatch(/^[\w-]{36}$/)
      expect(seen[1]).toBe(seen[0])
    }
    answers = ['503', '503', 'ok']
    seen.length = 0
    const body = { clientId: 'c', audience, scope: '', name: 'n' }
    expect(await failureOf(client.createKey({ body, idempotencyKey: 'mine' }))).toMatchObject({ status: 503 })
    expect(seen).toEqual(['mine', 'mine'])
    answers = ['503', 'ok']
    seen.length = 0
    expect(await failureOf(client.revokeKey({ params: { id: 'a' } }))).toMatchObject({ status: 503 })
    expect(seen).toEqual([undefined])
    foreign.close()
  })
})

it('refuses unsafe, missing and unknown options, and ids that would change the path', async () => {
  const make = (options: object) => () => createManagementClient(options as never)
  expect(make({ issuer: 'http://auth.example', credential: 'x' })).toThrow('https')
  expect(make({ issuer: 'https://auth.example/', credential: 'x' })).toThrow('slash')
  expect(make({ issuer: 'https://auth.example', credential: '' })).toThrow('credential')
  expect(make({ issuer: 'https://auth.example', credential: 'a b' })).toThrow('credential')
  expect(make({ issuer: 'https://auth.example', credential: 'x', retries: 1 })).toThrow('"retries"')
  expect(make({ issuer: 'http://auth.example', credential: 'x', dangerouslyAllowInsecureHttp: true })).not.toThrow()
  await expect(management.getKey({ params: { id: '..' } })).rejects.toThrow('"id" is missing')
  await expect(management.getKey({ params: { id: '../clients' } })).rejects.toMatchObject({ status: 404 })
})

async function failureOf(promise: Promise<unknown>): Promise<ApiError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ApiError)
  return error as ApiError
}

async function scripted(answer: Parameters<typeof createServer>[1] & object) {
  const http = createServer(answer)
  await new Promise<void>((listening) => http.listen(0, '127.0.0.1', listening))
  const close = () => {
    http.closeAllConnections()
    http.close()
  }
  return { issuer: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, close }
}
