import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { confirm } from './confirm.ts'

function terminal(isTTY: boolean) {
  const input = Object.assign(new PassThrough(), { isTTY })
  const output = Object.assign(new PassThrough(), { isTTY })
  let asked = ''
  output.on('data', (chunk) => {
    asked += chunk
  })
  return { input, output, asked: () => asked }
}

it.each(['y\n', 'YES\n', 'Y\n'])('%j is a yes', async (answer) => {
  const { input, output, asked } = terminal(true)
  const confirmed = confirm('Delete it?', {}, input, output)
  input.write(answer)
  await confirmed
  expect(asked()).toContain('Delete it? [y/N] ')
})

it.each(['\n', 'n\n', 'yesterday\n', undefined])('%j is none, and nothing is changed', async (answer) => {
  const { input, output } = terminal(true)
  const confirmed = confirm('Delete it?', {}, input, output)
  input.end(answer)
  await expect(confirmed).rejects.toMatchObject({ message: 'nothing was changed', exitCode: 1 })
})

it('--yes and a script are never asked', async () => {
  for (const [isTTY, yes] of [
    [true, true],
    [false, undefined],
  ] as const) {
    const { input, output, asked } = terminal(isTTY)
    await confirm('Delete it?', { yes }, input, output)
    expect(asked()).toBe('')
  }
})
