/** One server for one data directory: the lock ends with the process, however that ends. */
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Dev, makeFolder, run, startDev as start } from './countersign.fixture.ts'

let folder: ReturnType<typeof makeFolder>
beforeEach(() => {
  folder = makeFolder()
})
afterEach(async () => {
  for (const dev of started.splice(0)) await dev.stop('SIGKILL')
  folder.remove()
})

const started: Dev[] = []
async function startDev(cwd: string): Promise<Dev> {
  const dev = await start(cwd)
  started.push(dev)
  return dev
}

const again = () => run(['dev', '--port', '0', '--gateway-port', '0', '--json'], { cwd: folder.path })

it('a second start is exit 5 with the name of the database, and changes nothing', async () => {
  const first = await startDev(folder.path)
  const file = join(first.ready.data, 'countersign.db')
  const second = await again()
  expect(second).toMatchObject({ code: 5, out: '', err: expect.stringContaining(`${file} is in use`) })
  symlinkSync('.countersign', join(folder.path, 'another-name'))
  const linked = await run(['dev', '--port', '0', '--gateway-port', '0', '--data', 'another-name'], {
    cwd: folder.path,
  })
  expect(linked.code).toBe(5)
  expect((await fetch(`${first.ready.url}/readyz`)).status).toBe(200)
  expect(statSync(`${file}.lock`).mode & 0o077).toBe(0)
  await first.stop()
})

it('a hard link to the database is no way around the lock', async () => {
  const first = await startDev(folder.path)
  mkdirSync(join(folder.path, 'another-name'))
  for (const name of ['countersign.db', 'master.key']) {
    linkSync(join(first.ready.data, name), join(folder.path, 'another-name', name))
  }
  const linked = await run(['dev', '--port', '0', '--gateway-port', '0', '--data', 'another-name'], {
    cwd: folder.path,
  })
  expect(linked).toMatchObject({ code: 5, err: expect.stringContaining('2 names (hard links)') })
  expect((await fetch(`${first.ready.url}/readyz`)).status).toBe(200)
  await first.stop()
})

it('a lock file that is deleted is made again by the server that runs, and locks as before', async () => {
  const first = await startDev(folder.path)
  const lock = join(first.ready.data, 'countersign.db.lock')
  rmSync(lock)
  await expect.poll(() => existsSync(lock), { timeout: 10_000 }).toBe(true)
  expect((await again()).code).toBe(5)
  await first.stop()
})

it('a start after kill -9, and one after SIGTERM, has it at once', async () => {
  const first = await startDev(folder.path)
  await first.stop('SIGKILL')
  const second = await startDev(folder.path)
  expect(second.ready.adminKey).toBeNull()
  expect(await second.stop('SIGTERM')).toBe(0)
  const third = await startDev(folder.path)
  expect(await third.stop()).toBe(0)
})

it('a start waits for one that is about to end', async () => {
  const first = await startDev(folder.path)
  const second = startDev(folder.path)
  // Its own work before the lock takes longer than this one's end.
  await first.stop()
  expect(await (await second).stop()).toBe(0)
})

it('backup, doctor and audit verify go on beside a server; provision and restore do not', async () => {
  const first = await startDev(folder.path)
  const here = { cwd: folder.path }
  const copy = join(folder.path, 'copy.db')
  expect((await run(['backup', copy], here)).code).toBe(0)
  const verified = await run(['audit', 'verify', '--json'], here)
  expect(verified.code).toBe(0)
  const { head } = (JSON.parse(verified.out) as { tenants: { head: string }[] }).tenants[0]!
  expect((await run(['audit', 'verify', '--expect', head], here)).code).toBe(0)
  const [sequence, link] = head.split(':')
  expect((await run(['audit', 'verify', '--expect', `${Number(sequence) + 1}:${link}`], here)).code).toBe(7)
  expect((await run(['audit', 'verify', '--expect', 'nonsense'], here)).code).toBe(2)
  expect((await run(['doctor'], here)).code).toBe(0)
  expect((await run(['provision', '--recover'], here)).code).toBe(5)
  expect((await run(['restore', copy], here)).code).toBe(5)
  await first.stop()
})

it('an administrator’s key is made offline, alone on standard output, and audited', async () => {
  const first = await startDev(folder.path)
  const admin = first.ready.adminKey as string
  const authorization = `Bearer ${admin}`
  const revoked = await fetch(`${first.ready.url}/v1/keys/${admin.split('_')[2]}/revoke`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: '{"force":true}',
  })
  expect(revoked.status).toBe(200)
  await first.stop()
  expect((await run(['provision'], { cwd: folder.path })).code).toBe(2)
  expect((await run(['provision', '--recover', '--tenant', 'nobody'], { cwd: folder.path })).code).toBe(3)
  const made = await run(['provision', '--recover'], { cwd: folder.path })
  expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^cs_live_\w+\n$/) })
  const second = await startDev(folder.path)
  const headers = { authorization: `Bearer ${made.out.trim()}` }
  const events = (await (await fetch(`${second.ready.url}/v1/audit`, { headers })).json()) as { data: object[] }
  expect(events.data).toContainEqual(
    expect.objectContaining({ action: 'administrator.recover', objectId: made.out.split('_')[2] }),
  )
  const keys = await fetch(`${second.ready.url}/v1/keys`, { headers })
  expect(keys.status).toBe(200)
  const stored = readFileSync(join(second.ready.data, 'countersign.db'), 'latin1')
  expect(stored).not.toContain(made.out.trim())
  expect(existsSync(join(second.ready.data, 'countersign.db.lock'))).toBe(true)
  await second.stop()
})
