import { StoreUnavailableError } from '@countersign/store'
import type { pino } from 'pino'
import { expect, it } from 'vitest'
import { createPinoLog } from './pino_log.ts'

function lineOf(error: unknown): { readonly error: { readonly cause?: object } } {
  let written = ''
  const destination = { write: (text: string) => (written += text) }
  createPinoLog('info', destination as unknown as ReturnType<typeof pino.destination>).error({ error }, 'failed')
  return JSON.parse(written)
}

it('an error names its innermost cause and that one’s code, so that a database that is away names its address', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 192.0.2.1:5432'), { code: 'ECONNREFUSED' })
  const error = new StoreUnavailableError('unreachable', new StoreUnavailableError('unreachable', refused))
  expect(lineOf(error).error).toMatchObject({
    message: 'the database is unreachable',
    cause: { name: 'Error', message: 'connect ECONNREFUSED 192.0.2.1:5432', code: 'ECONNREFUSED' },
  })
})

it('a code that is no name of a fault is left out, and causes that go in a circle end', () => {
  const odd = Object.assign(new Error('odd'), { code: 'a text, perhaps a credential' })
  const circle = new Error('circle', { cause: odd })
  expect(JSON.stringify(lineOf(circle))).not.toContain('credential')
  odd.cause = circle
  expect(lineOf(circle).error).toMatchObject({ message: 'circle' })
})
