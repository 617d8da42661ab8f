/** Transactions that cannot begin. PostgreSQL itself hardly ever refuses one, so a scripted client stands for it. */
import { expect, it } from 'vitest'
import { watchPool } from './pool.ts'
import type { Primary } from './primary.ts'

const begin = 'start transaction isolation level read committed'

/** A client whose transactions cannot begin. All other statements succeed, as they would without a transaction. */
async function connect() {
  const sent: string[] = []
  const released: boolean[] = []
  const client = {
    connection: { stream: { cork() {}, uncork() {} } },
    async query(query: string | { readonly text: string }) {
      const text = typeof query === 'string' ? query : query.text
      sent.push(text)
      if (text === begin) throw Object.assign(new Error('canceled'), { code: '57014', severity: 'ERROR' })
      return { command: text === 'commit' ? 'COMMIT' : '', rows: [], rowCount: 0 }
    },
    on() {},
    off() {},
    release: (destroy: boolean) => void released.push(destroy),
  }
  const pool = watchPool({ connect: async () => client } as unknown as Primary)
  const watched = await pool.connect()
  return { query: (text: string) => watched.query(text, []), release: () => watched.release(), sent, released }
}

it('a write is not sent where its transaction could not begin, nor anything behind it', async () => {
  const { query, release, sent, released } = await connect()
  await query(begin)
  const outcomes = await Promise.allSettled([
    query('select 1'),
    query('insert into keys default values'),
    query('select 2'),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
  await expect(query('commit')).rejects.toMatchObject({ name: 'StoreUnavailableError' })
  await expect(query('rollback')).rejects.toMatchObject({ name: 'StoreUnavailableError' })
  expect(sent).toEqual([begin, 'select 1'])
  release()
  expect(released).toEqual([true])
})

it('a transaction of reads alone that could not begin is not said to have ended well', async () => {
  const { query } = await connect()
  await query(begin)
  await query('select 1')
  await expect(query('commit')).rejects.toMatchObject({ name: 'StoreUnavailableError' })
})

it('a transaction in which nothing is asked is not sent at all', async () => {
  const { query, sent } = await connect()
  await query(begin)
  expect(await query('commit')).toMatchObject({ rows: [] })
  expect(sent).toEqual([])
})
