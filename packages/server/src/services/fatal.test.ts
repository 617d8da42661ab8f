import { randomBytes } from 'node:crypto'
import { FatalStoreError, openSqliteStore } from '@countersign/store'
import { expect, it } from 'vitest'
import { send } from '../server.fixture.ts'
import { createServer } from '../server.ts'
import { silentLog } from './log.ts'
import { MasterKey } from './master_key.ts'

it.each(['write', 'read'])(
  'a database that can no longer be trusted ends the process, told by a %s, once',
  async (what) => {
    const master = new MasterKey(randomBytes(32))
    const now = () => 1_800_000_000
    const sound = await openSqliteStore({ file: ':memory:', auditKey: master.derive('audit'), now, randomBytes })
    let isBroken = false
    const broken = (): never => {
      throw new FatalStoreError(new Error('fsync failed'))
    }
    const store: typeof sound = {
      ...sound,
      write: async (work) => (isBroken && what === 'write' ? broken() : sound.write(work)),
      feed: { ...sound.feed, head: () => (isBroken && what === 'read' ? broken() : sound.feed.head()) },
    }
    const told: Error[] = []
    const options = { store, master, baseUrl: 'http://localhost:4800', version: '0', log: silentLog, now }
    const server = await createServer({ ...options, onFatal: (error) => told.push(error) })
    const create = () =>
      send(
        server,
        'POST',
        '/v1/apis',
        [
          ['Authorization', `Bearer ${server.adminKey?.reveal()}`],
          ['Content-Type', 'application/json'],
        ],
        JSON.stringify({ audience: 'https://a.test', name: 'A' }),
      )
    isBroken = true
    if (what === 'read') await server.services.books.poll()
    else expect((await create()).status).toBe(500)
    if (what === 'read') await server.services.books.poll()
    else expect((await create()).status).toBe(500)
    expect(told.map(({ name }) => name)).toEqual(['FatalStoreError'])
    isBroken = false
    await server.close()
    await expect(server.services.store.write(async () => {})).rejects.toThrow()
    expect(told).toHaveLength(1)
  },
)
