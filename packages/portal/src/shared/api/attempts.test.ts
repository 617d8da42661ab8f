import { expect, it } from 'vitest'
import { attempts } from './attempts.ts'
import { ApiProblem } from './problem.ts'

const refusal = (status: number, code = 'x') => new ApiProblem(status, { code })

/** One try: what was sent, whether it was refused with the problem or not. */
async function tryOnce(name: string, body: object, problem?: ApiProblem) {
  let sent: unknown
  const answer = attempts.send(
    name,
    () => body,
    async (attempt) => {
      sent = attempt
      if (problem !== undefined) throw problem
    },
  )
  await answer.catch(() => undefined)
  return sent
}

it.each([refusal(0), refusal(200), refusal(500), refusal(503), refusal(409, 'idempotency_in_progress')])(
  'a call whose answer was lost is sent again as it was, whatever is asked meanwhile, until it is settled: $status',
  async (lost) => {
    const first = await tryOnce('roll', { grace: 1 }, lost)
    expect(attempts.owed('roll')).toEqual({ grace: 1 })
    for (const status of [401, 403, 429]) expect(await tryOnce('roll', { grace: 2 }, refusal(status))).toEqual(first)
    expect(await tryOnce('roll', { grace: 2 })).toEqual(first)
    attempts.settle('roll')
    expect([attempts.owed('roll'), attempts.areOwed()]).toEqual([undefined, false])
    expect(await tryOnce('roll', { grace: 2 })).not.toEqual(first)
    attempts.settle('roll')
  },
)

it('a call that was refused is made anew, so that its end counts from then', async () => {
  const first = await tryOnce('create', { end: 1 }, refusal(400))
  expect(attempts.areOwed()).toBe(false)
  expect(await tryOnce('create', { end: 2 }, refusal(403))).not.toEqual(first)
  expect(await tryOnce('create', { end: 3 })).toMatchObject({ body: { end: 3 } })
  attempts.settle('create')
})
