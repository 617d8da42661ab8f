/** A restart between any two steps of a sign-in forgives nothing and loses nothing. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePort } from '../../scripts/free_port.ts'
import { type Product, startProduct } from '../product.fixture.ts'
import { type Client, type Instance, type Person, startInstance } from './instance.fixture.ts'

const data = mkdtempSync(join(tmpdir(), 'countersign-restart-'))
let ports: readonly string[]
let product: Product
let instance: Instance
let client: Client
let person: Person

beforeAll(async () => {
  ports = ['--port', String(await freePort()), '--gateway-port', String(await freePort())]
  product = await startProduct(ports, data)
  instance = await startInstance(product)
  client = await instance.client({ offlineAccess: true })
  person = await instance.person()
})
afterAll(async () => {
  await product?.stop()
  rmSync(data, { recursive: true })
})

async function restart(): Promise<void> {
  await product.stop()
  product = await startProduct(ports, data)
}

it('CVE-2026-9802: a refresh token that was rotated stays so, and its reuse ends all, whatever was restarted', async () => {
  const answer = await instance.authorize(person, client, { scope: 'read offline_access' })
  await restart()
  const first = await instance.redeem(client, answer.searchParams.get('code'))
  expect(first.status, first.text).toBe(200)
  await restart()
  const second = await instance.refresh(client, first.body.refresh_token)
  await restart()
  const third = await instance.refresh(client, second.body.refresh_token)
  expect([second.status, third.status]).toEqual([200, 200])
  await restart()
  expect((await instance.introspect(third.body.access_token)).body.active).toBe(true)
  expect((await instance.refresh(client, first.body.refresh_token)).body.error).toBe('invalid_grant')
  await restart()
  expect((await instance.refresh(client, third.body.refresh_token)).body.error).toBe('invalid_grant')
  expect((await instance.introspect(third.body.access_token)).body).toEqual({ active: false })
}, 60_000)

it('a code that was used before a restart is used, and its second use ends the tokens of the first', async () => {
  const code = (await instance.authorize(person, client)).searchParams.get('code')
  const first = await instance.redeem(client, code)
  await restart()
  expect((await instance.introspect(first.body.access_token)).body.active).toBe(true)
  expect((await instance.redeem(client, code)).body.error).toBe('invalid_grant')
  expect((await instance.introspect(first.body.access_token)).body).toEqual({ active: false })
}, 60_000)
