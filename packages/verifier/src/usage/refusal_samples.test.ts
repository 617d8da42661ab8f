import { expect, it } from 'vitest'
import { type RefusalSample, RefusalSamples } from './refusal_samples.ts'

const sample = (credentialId: string, code: string, requestId: string): RefusalSample => ({
  at: 0,
  requestId,
  credentialId,
  clientId: '',
  code,
  missingScope: '',
  scope: '',
})

it('one caller in a loop hides nobody: each credential and code has its latest before any has a second', () => {
  const samples = new RefusalSamples()
  samples.note(sample('quiet', 'expired', 'q'))
  for (let each = 0; each < 1_000; each++) samples.note(sample('loud', 'expired', `l${each}`))
  samples.note(sample('loud', 'revoked', 'r'))
  expect(samples.take(20).map(({ requestId }) => requestId)).toEqual(['q', 'l999', 'r', 'l998', 'l997', 'l996'])
  expect(samples.isEmpty).toBe(true)
})

it('a flood of credentials takes a fixed amount of memory, and a batch has 20', () => {
  const samples = new RefusalSamples()
  for (let each = 0; each < 10_000; each++) samples.note(sample(`key_${each}`, 'expired', `r${each}`))
  expect(samples.take(10_000)).toHaveLength(200)
  for (let each = 0; each < 100; each++) samples.note(sample(`key_${each}`, 'expired', `r${each}`))
  expect(samples.take()).toHaveLength(20)
})
