/** Signing in from a program: the loopback listener, the file of credentials, one refresh for all processes. */
import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createProgramSignIn, credentialFile, type ProgramSignIn, type ProgramSignInOptions } from './node.ts'
import { lifeSeconds, type ScriptedIssuer, startIssuer } from './sign_in/issuer.fixture.ts'

let server: ScriptedIssuer
let folder: string
let file: string
let now: number
beforeEach(async () => {
  server = await startIssuer()
  folder = mkdtempSync(join(tmpdir(), 'countersign-program-'))
  file = join(folder, 'own', 'credentials.json')
  now = 1_000_000
})
afterEach(() => {
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

type Answer = (asked: URL) => Promise<unknown>

/** The person's browser: what comes to the redirect URI. */
const answering =
  (
    change: (answer: Record<string, string>, asked: URLSearchParams) => Record<string, string> = (same) => same,
  ): Answer =>
  async ({ searchParams: asked }) => {
    const nonce = asked.get('nonce')
    const claims = { iss: server.issuer, sub: 'acct_1', aud: 'client_1', exp: now + 60, iat: now, nonce }
    const code = server.giveCode(nonce === null ? undefined : claims)
    const sound = { code, state: asked.get('state') ?? '', iss: server.issuer }
    return fetch(`${asked.get('redirect_uri')}?${new URLSearchParams(change(sound, asked))}`)
  }

function program(answer: Answer, more: Partial<ProgramSignInOptions> = {}): ProgramSignIn {
  return createProgramSignIn({
    issuer: server.issuer,
    clientId: 'client_1',
    store: credentialFile(file),
    // Not waited for: a browser is another process.
    open: (url) => void answer(new URL(url)).catch(() => {}),
    scope: 'openid orders:read',
    now: () => now,
    ...more,
  })
}

describe('a program', () => {
  it('signs a person in by a listener on this machine, and keeps the tokens for the next start', async () => {
    let opened = ''
    const first = program(async (asked) => {
      opened = asked.href
      return answering()(asked)
    })
    expect(await first.present()).toBeUndefined()
    await expect(first.token()).rejects.toMatchObject({ code: 'sign_in_required' })
    expect(await first.signIn()).toMatchObject({ scope: 'orders:read', claims: { sub: 'acct_1' } })
    const { searchParams } = new URL(opened)
    expect(searchParams.get('redirect_uri')).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/)
    expect(server.asked).toEqual([
      {
        grant_type: 'authorization_code',
        code: expect.any(String),
        redirect_uri: searchParams.get('redirect_uri'),
        code_verifier: expect.stringMatching(/^[A-Za-z0-9]{43}$/),
        client_id: 'client_1',
      },
    ])
    const next = program(answering())
    expect(await next.present()).toMatchObject({ claims: { sub: 'acct_1' } })
    expect(await next.token()).toBe(await first.token())
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, 'own')).mode & 0o777).toBe(0o700)
  })

  it('CVE-2025-6514: opens a URL of the issuer that was named, which no server’s document has chosen', async () => {
    const opened: string[] = []
    const asked: string[] = []
    const recording: typeof fetch = (input, init) => {
      asked.push(String(input))
      return fetch(input, init)
    }
    const first = program((url) => answering()(url), { fetch: recording, scope: 'orders:read' })
    await first.signIn({ loginHint: '$(touch /tmp/x)"; & | `x`' })
    const second = program(async ({ href }) => opened.push(href), { timeoutMs: 20, fetch: recording })
    await second.signIn({ loginHint: '$(touch /tmp/x)"; | `x`' }).catch(() => {})
    expect(asked).toEqual([`${server.issuer}/oauth/token`])
    expect(opened[0]?.startsWith(`${server.issuer}/oauth/authorize?`)).toBe(true)
    expect(opened[0]).toMatch(/^[\w:/.?=&%+*-]+$/)
  })

  it('takes nothing that is not the answer to its own request, and goes on waiting for that', async () => {
    const strangers: number[] = []
    const first = program(async (asked) => {
      const at = asked.searchParams.get('redirect_uri') ?? ''
      const state = asked.searchParams.get('state') ?? ''
      const rebound = { headers: { Host: 'evil.example' } }
      for (const [url, more] of [
        [at, {}],
        [`${at}?code=evil&state=guessed&iss=${server.issuer}`, {}],
        [`${at}?code=evil&state=${state}&iss=${server.issuer}`, { method: 'POST' }],
        [`${new URL(at).origin}/other?state=${state}`, {}],
      ] as const)
        strangers.push((await fetch(url, more)).status)
      // `fetch` sets no Host; a page of a name that points here would.
      strangers.push(await statusWithHost(`${at}?code=evil&state=${state}`, rebound.headers.Host))
      return answering()(asked)
    })
    await first.signIn()
    expect(strangers).toEqual([404, 404, 404, 404, 404])
    expect(server.asked.map(({ code }) => code)).not.toContain('evil')
  })

  it.each<[string, Parameters<typeof answering>[0], string]>([
    ['of another issuer', (sound) => ({ ...sound, iss: 'https://evil.example' }), 'unexpected_answer'],
    ['without an issuer', ({ code = '', state = '' }) => ({ code, state }), 'unexpected_answer'],
    ['without a code', ({ state = '', iss = '' }) => ({ state, iss }), 'unexpected_answer'],
    ['that refuses', ({ state = '', iss = '' }) => ({ error: 'access_denied', state, iss }), 'access_denied'],
  ])('redeems nothing of an answer %s', async (_, change, code) => {
    await expect(program(answering(change)).signIn()).rejects.toMatchObject({ code })
    expect(server.asked).toEqual([])
  })

  it('ends the wait after its time, and the listener with it', async () => {
    let at = ''
    const late = program(
      async ({ searchParams }) => {
        at = searchParams.get('redirect_uri') ?? ''
      },
      { timeoutMs: 20 },
    )
    await expect(late.signIn()).rejects.toMatchObject({ code: 'timeout' })
    await expect(fetch(at)).rejects.toThrow()
  })

  it('says why no browser could be opened, and waits for none that is still open', async () => {
    const failing = () => {
      throw new Error('no browser')
    }
    for (const open of [failing, async () => failing()])
      await expect(program(answering(), { open }).signIn()).rejects.toThrow('no browser')
    const open = (url: string) => {
      void answering()(new URL(url))
      return new Promise(() => {})
    }
    expect(await program(answering(), { open }).signIn()).toMatchObject({ claims: { sub: 'acct_1' } })
  })

  it('keeps nothing of tokens whose ID token is missing or another’s', async () => {
    for (const answers of [{ id_token: undefined }, { id_token: 'x' }]) {
      server.answers = answers
      await expect(program(answering()).signIn()).rejects.toMatchObject({ code: 'unexpected_answer' })
    }
    expect(await program(answering()).present()).toBeUndefined()
  })
})

describe('tokens', () => {
  const due = lifeSeconds * 0.8

  it('are renewed at four fifths of their life, once for all who wait', async () => {
    const one = program(answering())
    await one.signIn()
    now += due - 1
    expect(await one.token()).toBe('access-2')
    now += 1
    const two = program(answering())
    const given = await Promise.all([one, two, one, two].map((each) => each.token()))
    expect(new Set(given)).toEqual(new Set(['access-3']))
    expect(server.asked.filter(({ grant_type }) => grant_type === 'refresh_token')).toHaveLength(1)
  })

  it('are renewed once by eight processes that share the file', { timeout: 60_000 }, async () => {
    await program(answering()).signIn()
    now += due
    const run = promisify(execFile)
    const child = fileURLToPath(new URL('sign_in/refresh_process.fixture.ts', import.meta.url))
    const given = await Promise.all(
      Array.from({ length: 8 }, () => run(process.execPath, [child, server.issuer, file, String(now)])),
    )
    expect(new Set(given.map(({ stdout }) => stdout))).toEqual(new Set(['access-3']))
    expect(server.asked.filter(({ grant_type }) => grant_type === 'refresh_token')).toHaveLength(1)
  })

  it('are used to their end while the server is away, and no longer', async () => {
    const one = program(answering())
    await one.signIn()
    server.fails = 503
    now += due
    expect(await one.token()).toBe('access-2')
    now += lifeSeconds
    await expect(one.token()).rejects.toMatchObject({ status: 503 })
    server.fails = undefined
    expect(await one.token()).toBe('access-3')
  })

  it('are not renewed again for five seconds after a failure, by none who share them', async () => {
    const one = program(answering())
    await one.signIn()
    server.fails = 503
    now += due
    const two = program(answering())
    for (const each of [one, two, one, two]) expect(await each.token()).toBe('access-2')
    const renewals = () => server.asked.filter(({ grant_type }) => grant_type === 'refresh_token').length
    expect(renewals()).toBe(1)
    server.fails = undefined
    now += 4
    expect(await two.token()).toBe('access-2')
    now += 1
    expect(await two.token()).toBe('access-3')
    expect(renewals()).toBe(2)
  })

  it('are asked for at their end, though a failure came just before', async () => {
    const one = program(answering())
    await one.signIn()
    now += lifeSeconds - 6
    server.fails = 503
    expect(await one.token()).toBe('access-2')
    server.fails = undefined
    now += 1
    expect(await one.token()).toBe('access-3')
  })

  it('that the server has ended are forgotten, and another sign-in is asked for', async () => {
    const one = program(answering())
    await one.signIn()
    server.answers = { error: 'invalid_grant' }
    now += due
    await expect(one.token()).rejects.toMatchObject({ code: 'sign_in_required' })
    expect(await one.present()).toBeUndefined()
  })

  it('about another account than before are not kept', async () => {
    const one = program(answering())
    await one.signIn()
    server.answers = {
      id_token: readFileSync(file, 'utf8')
        .match(/"idToken":"([^"]+)/)?.[1]
        ?.replace(/\.[^.]+\./, '.e30.'),
    }
    now += due
    await expect(one.token()).rejects.toMatchObject({ code: 'unexpected_answer' })
  })

  it('end at the server by the refresh token, and are gone here even where the server cannot be told', async () => {
    const one = program(answering())
    await one.signIn()
    await one.signOut()
    expect(server.revoked).toEqual(['refresh-2'])
    await expect(one.token()).rejects.toMatchObject({ code: 'sign_in_required' })
    await one.signOut()
    await one.signIn()
    server.close()
    await expect(one.signOut()).rejects.toMatchObject({ code: 'unreachable' })
    expect(readFileSync(file, 'utf8')).not.toMatch(/refresh|access/)
  })
})

describe('the file of credentials', () => {
  it('CVE-2025-58062, vercel/ai #15963, vercel/ai #15966, vercel/ai #20578: what one issuer gave is sent to no other, and to no other client', async () => {
    await program(answering()).signIn()
    const other = await startIssuer()
    for (const more of [{ issuer: other.issuer }, { issuer: `${server.issuer}/t/acme` }, { clientId: 'client_2' }]) {
      const foreign = program(answering(), more)
      expect(await foreign.present()).toBeUndefined()
      await expect(foreign.token()).rejects.toMatchObject({ code: 'sign_in_required' })
      await foreign.signOut()
    }
    expect([other.asked, other.revoked, server.revoked]).toEqual([[], [], []])
    // Also where somebody has moved the entry.
    const moved = readFileSync(file, 'utf8').replace(`"${server.issuer} client_1"`, `"${other.issuer} client_1"`)
    writeFileSync(file, moved)
    await expect(program(answering(), { issuer: other.issuer }).token()).rejects.toMatchObject({
      code: 'sign_in_required',
    })
    expect(other.asked).toEqual([])
    other.close()
  })

  it.each(['', '{}', '[]', '{"credentials":1}', 'null', '{"credentials":{'])(
    'that is %j is an error, and is not written over',
    async (content) => {
      await program(answering()).signIn()
      writeFileSync(file, content)
      await expect(program(answering()).token()).rejects.toThrow(/no file of credentials/)
      await expect(program(answering()).signIn()).rejects.toThrow(/no file of credentials/)
      expect(readFileSync(file, 'utf8')).toBe(content)
    },
  )

  it('that others can read is refused', async () => {
    await program(answering()).signIn()
    chmodSync(file, 0o640)
    await expect(program(answering()).token()).rejects.toThrow(/can be read by others/)
  })

  it.each([
    ['is waited for no longer than its holder may live', -61],
    ['whose lock is dated in the future is waited for no longer', 61],
  ])('%s', async (_, offsetSeconds) => {
    const one = program(answering())
    await one.signIn()
    writeFileSync(`${file}.lock`, 'somebody who has died')
    const made = Date.now() / 1000 + offsetSeconds
    utimesSync(`${file}.lock`, made, made)
    now += due
    expect(await one.token()).toBe('access-3')
  })

  const due = lifeSeconds * 0.8
})

it('an option that is missing, unknown or unsafe throws', () => {
  const sound = { issuer: 'https://a.example', clientId: 'c', store: credentialFile('x'), open: () => {} }
  expect(() => createProgramSignIn(sound)).not.toThrow()
  for (const bad of [
    { issuer: 'http://a.example' },
    { issuer: 'https://a.example/' },
    { clientId: '' },
    { redirectUri: 'x' },
  ])
    expect(() => createProgramSignIn({ ...sound, ...bad })).toThrow(TypeError)
})

async function statusWithHost(url: string, host: string): Promise<number> {
  const { request } = await import('node:http')
  return new Promise((resolve, reject) => {
    request(url, { headers: { Host: host } }, (response) => resolve(response.resume().statusCode ?? 0))
      .on('error', reject)
      .end()
  })
}
