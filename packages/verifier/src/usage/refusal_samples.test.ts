import { expect, it } from 'vitest'
import { type RefusalSample, RefusalSamples, takeInTurns } from './refusal_samples.ts'

const sample = (credentialId: string, code: string, requestId: string, clientId = ''): RefusalSample => ({
  at: 0,
  requestId,
  credentialId,
  clientId,
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

it('a client with many credentials takes no place from another, which comes after it and has but one refusal', () => {
  const samples = new RefusalSamples()
  for (let each = 0; each < 1_000; each++) samples.note(sample(`key_${each}`, 'expired', `l${each}`, 'loud'))
  for (const client of ['a', 'b', 'c']) samples.note(sample(`of_${client}`, 'expired', client, client))
  for (let each = 0; each < 1_000; each++) samples.note(sample(`other_${each}`, 'expired', `m${each}`, 'loud'))
  const taken = samples.take(20).map(({ requestId }) => requestId)
  expect(taken.slice(0, 3)).toEqual(['a', 'b', 'c'])
  expect(taken).toHaveLength(20)
})

it('a flood of clients leaves of each what the others leave it, and of 20 the quietest come first', () => {
  const samples = new RefusalSamples()
  for (let client = 0; client < 50; client++)
    for (let each = 0; each < 10; each++) samples.note(sample(`k${client}_${each}`, 'expired', '', `c${client}`))
  samples.note(sample('k', 'expired', 'quiet', 'quiet'))
  expect(samples.take(20)[0]?.requestId).toBe('quiet')
  for (let client = 0; client < 1_000; client++) samples.note(sample(`k${client}`, 'expired', '', `c${client}`))
  expect(samples.take(10_000)).toHaveLength(200)
})

it('lists give in turns, and what is left when some have ended', () => {
  expect(takeInTurns([[1, 2, 3], [4], [], [5, 6]], 5)).toEqual([1, 4, 5, 2, 6])
  expect(takeInTurns([[1, 2, 3], [4], [], [5, 6]], 99)).toEqual([1, 4, 5, 2, 6, 3])
})
