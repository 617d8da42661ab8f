import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { audience, createAuthority, createFetch, issuer, realTime } from '../authority.fixture.ts'
import { createVerifier, type VerifierOptions } from '../create_verifier.ts'
import { createHttpClient } from './client.ts'
import { createHttpDirectory } from './directory.ts'
import { createProblems } from './problems.ts'

it('a cause is said once, and again only after it was over and a minute has passed', () => {
  const said: string[] = []
  let now = 0
  const problems = createProblems(
    (problem) => said.push(problem),
    () => now,
  )
  for (let count = 0; count < 100; count++) problems.tell('down')
  problems.tell('other')
  expect(said).toEqual(['down', 'other'])
  problems.mended()
  problems.tell('down')
  now = 59_999
  problems.tell('down')
  expect(said).toHaveLength(2)
  now = 60_000
  problems.tell('down')
  problems.tell('down')
  expect(said).toEqual(['down', 'other', 'down'])
  now = 600_000
  problems.tell('down')
  expect(said).toHaveLength(3)
})

describe('a verifier that cannot work says why, in one line on standard error and to onProblem', () => {
  const authority = createAuthority(realTime())
  const works = createFetch(authority)
  const { text } = authority.issueKey()
  let lines: unknown[]
  beforeEach(() => {
    lines = []
    vi.spyOn(console, 'error').mockImplementation((line) => void lines.push(line))
  })
  afterEach(() => vi.restoreAllMocks())

  async function problemsOf(changes: Partial<VerifierOptions>): Promise<readonly string[]> {
    const problems: string[] = []
    const onProblem = (problem: string) => void problems.push(problem)
    const verifier = createVerifier({
      issuer,
      audience,
      credential: 'cs_live_secret',
      usage: false,
      fetch: works,
      onProblem,
      ...changes,
    })
    for (let count = 0; count < 20; count++) await verifier.verify(text)
    await vi.waitFor(() => expect(problems).not.toEqual([]))
    await verifier.close()
    expect(lines).toEqual(
      problems.map((problem) => expect.stringContaining(`${audience} at auth.example.com: ${problem}`)),
    )
    expect(lines.join()).not.toContain('secret')
    return problems
  }

  const answering = (status: number) => async () => new Response(null, { status })
  const down = (code: string) => () =>
    Promise.reject(Object.assign(new TypeError('fetch failed: cs_live_secret'), { cause: { code } }))

  it.each<[string, Partial<VerifierOptions>, RegExp]>([
    ['a wrong key', { fetch: answering(401) }, /refuses the verifier’s key \(401\).*verifiers create/],
    ['a key without the scope', { fetch: answering(403) }, /credentials:verify \(403\)/],
    ['an issuer that is none', { fetch: answering(404) }, /\(404\).*tenant’s URL/],
    ['a server of somebody else', { fetch: async () => new Response('<html>\n</html>\n') }, /not Countersign’s/],
    ['a server that is down', { fetch: down('ECONNREFUSED') }, /cannot be reached \(ECONNREFUSED\)$/],
    ['a failure without a code', { fetch: down('cs_live_secret') }, /cannot be reached$/],
    ['a clock that is off', { now: () => Date.now() / 1000 + 60 }, /clock is more than 10 s off/],
    [
      'a key that guards another audience',
      {
        fetch: async (input, init) =>
          String(input).endsWith('/v1/assertions') ? answering(403)() : works(input, init),
      },
      /does not guard .*--audience/,
    ],
    [
      'look-ups that fail',
      { fetch: async (input, init) => (String(input).endsWith('/v1/lookup') ? answering(502)() : works(input, init)) },
      /^\/v1\/lookup answered 502$/,
    ],
  ])('%s', async (_, changes, text) => {
    expect(await problemsOf(changes)).toEqual([expect.stringMatching(text)])
  })

  it('nothing where all is well, and an onProblem that throws ends nothing', async () => {
    const good = createVerifier({ issuer, audience, credential: 'x', usage: false, fetch: works })
    expect(await good.verify(text)).toMatchObject({ outcome: 'verified' })
    await good.close()
    expect(lines).toEqual([])
    const onProblem = () => {
      throw new Error('mine')
    }
    const bad = createVerifier({ issuer, audience, credential: 'x', fetch: answering(401), onProblem })
    expect(await bad.verify(text)).toMatchObject({ outcome: 'unavailable' })
    await bad.close()
    expect(() => createVerifier({ issuer, audience, credential: 'x', onProblem: 'log' as never })).toThrow('onProblem')
  })
})

it('a look-up that nobody answers has failed after 0.9 s', async () => {
  vi.useFakeTimers()
  const fetch = (_: unknown, init?: RequestInit) =>
    new Promise<Response>((_resolve, reject) =>
      init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)),
    )
  const client = createHttpClient({ issuer, credential: 'x', fetch })
  const problems: string[] = []
  const directory = createHttpDirectory(client, new AbortController().signal, (problem) => problems.push(problem))
  const failed = expect(directory.credential('digest', { epoch: 'e', sequence: 1, chain: 'c' })).rejects.toThrow()
  await vi.advanceTimersByTimeAsync(899)
  expect(problems).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  await failed
  expect(problems).toEqual(['the server does not answer in time'])
  vi.useRealTimers()
})
