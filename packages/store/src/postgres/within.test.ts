import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { within } from './within.ts'

it('is the answer, or what it was refused with', async () => {
  expect(await within(1_000, Promise.resolve(7))).toBe(7)
  await expect(within(1_000, Promise.reject(new Error('no')))).rejects.toThrow('no')
})

it('is refused after its time, as an outcome that nobody knows', async () => {
  await expect(within(10, new Promise(() => {}))).rejects.toMatchObject({
    name: 'StoreUnavailableError',
    reason: 'timeout',
  })
})

it('does not refuse an answer that came in time while this process was busy', async () => {
  const echo = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] })
  echo.stdin.write('ready')
  await once(echo.stdout, 'data')
  for (let round = 0; round < 5; round++) {
    const answer = once(echo.stdout, 'data')
    echo.stdin.write('x')
    const answered = within(100, answer)
    const until = performance.now() + 300
    while (performance.now() < until);
    expect(String((await answered)[0])).toBe('x')
  }
  echo.kill()
})
