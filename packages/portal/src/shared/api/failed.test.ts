import { expect, it } from 'vitest'
import { failedOf, type ReadState } from './failed.ts'

it('what could not be read is told, and asked again together with what else is not there', () => {
  const asked: string[] = []
  const read = (name: string, data: unknown, error: Error | null): ReadState => ({
    data,
    error,
    refetch: () => {
      asked.push(name)
      return new Promise(() => undefined)
    },
  })
  const [there, stale, pending] = [
    read('there', 1, null),
    read('stale', 1, new Error()),
    read('pending', undefined, null),
  ]
  expect(failedOf(there, stale, pending)).toBeUndefined()
  const lost = new Error('lost')
  const failed = failedOf(there, stale, pending, read('lost', undefined, lost))
  expect(failed?.error).toBe(lost)
  failed?.retry()
  expect(asked).toEqual(['pending', 'lost'])
})
