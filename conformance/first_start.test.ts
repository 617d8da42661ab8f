/** The first minutes of a newcomer: docs/commands.md §3. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readDocument, readOperations } from '@countersign/openapi'
import { expect, test } from 'vitest'
import { call, guarded, startProduct, text } from './product.fixture.ts'

test('the demo is guarded as the document says, from the first start on; a second start keeps everything and shows no secret', async () => {
  const data = mkdtempSync(join(tmpdir(), 'countersign-'))
  const first = await startProduct([], data)
  const { key } = first.demo
  const none = await guarded(first, 'GET', '/orders')
  expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
  expect((await guarded(first, 'GET', '/orders', key)).status).toBe(200)
  const refused = await guarded(first, 'POST', '/orders', key)
  expect(refused.status).toBe(403)
  expect(refused.headers.get('www-authenticate')).toContain('scope="orders:write"')
  expect((await guarded(first, 'GET', '/nothing', key)).status).toBe(404)
  expect((await guarded(first, 'GET', '/health')).status).toBe(200)
  expect(statSync(join(data, 'profile.json')).mode & 0o777).toBe(0o600)
  expect(statSync(join(data, 'master.key')).mode & 0o777).toBe(0o600)
  expect(await first.stop()).toBe(0)

  const second = await startProduct([], data)
  expect(second).toMatchObject({
    adminKey: null,
    audience: first.audience,
    demo: { key: null, clientSecret: null, scope: 'orders:read' },
  })
  expect((await guarded(second, 'GET', '/orders', key)).status).toBe(200)
  expect((await call(second, 'GET', '/v1/keys', undefined, first.adminKey)).status).toBe(200)
  await second.stop()
  rmSync(data, { recursive: true })
})

test('dev limits nothing unless it is set: however many credentials fail, each is told the same', async () => {
  const product = await startProduct()
  const statuses = new Set<number>()
  for (let batch = 0; batch < 70; batch++) {
    const answers = Array.from({ length: 10 }, () => call(product, 'GET', '/v1/keys', undefined, 'nonsense'))
    for (const { status } of await Promise.all(answers)) statuses.add(status)
  }
  expect([...statuses]).toEqual([401])
  await product.stop()
})

test.each(['spotify.yaml', 'box.json'])(
  'every operation of %s is guarded: a key with its scopes passes, one with others is refused',
  async (name) => {
    const upstream = createServer((request, response) => {
      request.resume()
      response.end('{}')
    })
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
    const file = new URL(`./fixtures/openapi/${name}`, import.meta.url).pathname
    const product = await startProduct([
      '--openapi',
      file,
      '--upstream',
      `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
    ])
    const description = readOperations(readDocument(readFileSync(file, 'utf8')))
    expect(product.demo.scope.split(' ').sort()).toEqual(description.scopes.map((scope) => scope.name).sort())
    const [first] = description.scopes
    const { body } = await call(product, 'POST', '/v1/keys', {
      clientId: product.demo.clientId,
      audience: product.audience,
      scope: [first?.name],
      name: 'one scope',
    })
    const wrong: string[] = []
    for (const operation of description.operations) {
      const path = operation.basePath + operation.path.replaceAll(/\{[^}]*\}/g, 'x1')
      const meets =
        operation.public || operation.requires.some((scope) => scope.every((token) => token === first?.name))
      const expected: readonly (readonly [string | undefined, number])[] = [
        [undefined, operation.public ? 200 : 401],
        [product.demo.key, 200],
        [text(body.key), meets ? 200 : 403],
      ]
      for (const [credential, status] of expected) {
        const answer = await guarded(product, operation.method, path, credential)
        if (answer.status !== status) wrong.push(`${operation.method} ${path}: ${answer.status}, not ${status}`)
      }
    }
    expect(wrong).toEqual([])
    await product.stop()
    upstream.close()
  },
)
