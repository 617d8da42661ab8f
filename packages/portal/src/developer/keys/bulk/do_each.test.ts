import { expect, it } from 'vitest'
import { ApiProblem } from '../../../shared/api/problem.ts'
import { doEach } from './do_each.ts'

const run = async (failures: Readonly<Record<string, ApiProblem>>) => {
  const tried: string[] = []
  const counts: number[] = []
  const act = async (item: string): Promise<void> => {
    tried.push(item)
    const failure = failures[item]
    if (failure !== undefined) throw failure
  }
  const result = await doEach(['a', 'b', 'c'], act, (many) => counts.push(many))
  return { ...result, failed: result.failed.map(({ item, error }) => [item, error.message]), tried, counts }
}

it('what one call refuses keeps none of the others, and is told with its reason', async () => {
  const gone = new ApiProblem(404, { code: 'not_found', detail: 'There is no such key.' })
  expect(await run({ b: gone })).toEqual({
    done: ['a', 'c'],
    failed: [['b', 'There is no such key.']],
    left: [],
    tried: ['a', 'b', 'c'],
    counts: [1, 2, 3],
  })
})

it('nothing more is tried once the session has ended, a proof is wanted, or no answer comes', async () => {
  const ends = [
    new ApiProblem(401, { code: 'ended' }),
    new ApiProblem(421, { code: 'account_mismatch' }),
    new ApiProblem(403, { code: 'step_up_required' }),
    new ApiProblem(0, { code: 'no_answer' }),
    new ApiProblem(503, { code: 'unavailable' }),
  ]
  for (const a of ends) expect(await run({ a })).toMatchObject({ done: [], left: ['b', 'c'], tried: ['a'] })
})

it('a fault of the page is none of the server', async () => {
  const broken = async () => {
    throw new TypeError('broken')
  }
  await expect(doEach(['a'], broken, () => undefined)).rejects.toThrow('broken')
})
