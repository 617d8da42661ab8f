import { randomBytes } from 'node:crypto'
import { FatalStoreError, openSqliteStore } from '@countersign/store'
import { expect, it } from 'vitest'
import { MasterKey } from '../keys/master_key.ts'
import { silentLog } from '../observe/log.ts'
import { createServer } from '../server.ts'
import { send } from '../wire.fixture.ts'

it.each(['write', 'chore', 'read'])(
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
      countUsage: async (batch) => (isBroken && what === 'chore' ? broken() : sound.countUsage(batch)),
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
    const count = () => server.services.store.countUsage({ id: 'batch', counts: [], now: now() })
    isBroken = true
    for (let time = 0; time < 2; time++) {
      if (what === 'read') await server.services.books.poll()
      else if (what === 'chore') await expect(count()).rejects.toThrow(FatalStoreError)
      else expect((await create()).status).toBe(500)
    }
    expect(told.map(({ name }) => name)).toEqual(['FatalStoreError'])
    isBroken = false
    await server.close()
    await expect(server.services.store.write(async () => {})).rejects.toThrow()
    expect(told).toHaveLength(1)
  },
)
