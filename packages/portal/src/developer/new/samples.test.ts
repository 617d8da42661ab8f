import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import type { Api, Me } from '../../shared/api/queries.ts'
import { text } from '../../shared/text.ts'
import { readDraft } from './draft.ts'
import { samplesOf } from './samples.ts'

const audience = 'https://orders.example'
const choices = (teamId?: string) => ({
  me: { teams: [{ id: 'team_1', name: "Ana's" }] } as unknown as Me,
  api: { audience } as Api,
  holder: { clientId: 'client_1', name: '', access: [{ audience, scope: 'orders:read' }], ...(teamId && { teamId }) },
})

/** The words that each program of the sample is given, as a shell splits them. */
function wordsOf(sample: string | undefined): readonly (readonly string[])[] {
  const shown =
    'show() { for word in "$@"; do printf "%s\\0" "$word"; done; printf "\\n\\0"; }; npx() { show "$@"; }; curl() { show "$@"; }'
  const environment = { CLIENT_ID: 'client_new', PATH: '/nowhere' }
  const said = execFileSync('/bin/sh', ['-c', `${shown}\n${sample}`], { env: environment, encoding: 'utf8' })
  return said
    .split('\n\0')
    .slice(0, -1)
    .map((line) => line.split('\0').slice(0, -1))
}

function flagsOf(words: readonly string[] = []): Readonly<Record<string, string[]>> {
  const flags: Record<string, string[]> = {}
  for (const [index, word] of words.entries())
    if (index % 2 === 0) flags[word] = [...(flags[word] ?? []), words[index + 1] ?? '']
  return flags
}

const hostile = 'x\'; touch /tmp/owned; $(touch /tmp/owned) `touch /tmp/owned` \\ " -d @/etc/passwd'

it('both samples say all that the button sends: end, addresses, origins and rate', () => {
  const draft = readDraft({
    name: hostile,
    scope: 'orders:read orders:write',
    days: '7d; reboot',
    ipAllow: '10.0.0.0/8, 192.0.2.1',
    originAllow: 'https://app.example',
    limit: '5',
    environment: 'test',
  })
  const samples = samplesOf(draft, choices(), 'https://id.example')
  const [post] = wordsOf(samples[text.create.curl])
  const body = JSON.parse(post?.at(-1) ?? '')
  expect(post?.[0]).toBe('https://id.example/v1/keys')
  expect(body).toMatchObject({
    clientId: 'client_1',
    name: hostile,
    environment: 'test',
    ipAllow: ['10.0.0.0/8', '192.0.2.1'],
    originAllow: ['https://app.example'],
    rateLimit: { limit: 5, windowSeconds: 60 },
  })
  expect(Date.parse(body.expiresAt)).toBeGreaterThan(Date.now() + 89 * 86_400_000)
  const [command] = wordsOf(samples[text.create.commandLine])
  expect(command?.slice(0, 3)).toEqual(['countersign', 'keys', 'create'])
  expect(flagsOf(command?.slice(3))).toEqual({
    '--client': ['client_1'],
    '--audience': [audience],
    '--scope': ['orders:read orders:write'],
    '--name': [hostile],
    '--environment': ['test'],
    '--expires-at': [body.expiresAt],
    '--ip-allow': ['10.0.0.0/8', '192.0.2.1'],
    '--origin-allow': ['https://app.example'],
    '--rate-limit': ['5/60s'],
  })
})

it('a key without an end is one by both, and no flag lifts a limit by its own word', () => {
  const samples = samplesOf(readDraft({ days: '0' }), choices(), '')
  expect(flagsOf(wordsOf(samples[text.create.commandLine])[0]?.slice(3))).toMatchObject({ '--expires-at': ['none'] })
  expect(JSON.parse(wordsOf(samples[text.create.curl])[0]?.at(-1) ?? '')).toMatchObject({ expiresAt: null })
  const lifted = samplesOf(readDraft({ ipAllow: 'none' }), choices(), '')
  expect(Object.keys(lifted)).toEqual([text.create.curl])
})

it('a client that is yet to be made comes first, and the key is its own', () => {
  const samples = samplesOf(readDraft({ name: '"client_1"' }), choices('team_1'), '')
  const [client, key] = wordsOf(samples[text.create.curl])
  expect(JSON.parse(client?.at(-1) ?? '')).toEqual({
    name: "Server of Ana's",
    type: 'service',
    teamId: 'team_1',
    access: [{ audience, scope: 'orders:read' }],
  })
  expect(JSON.parse(key?.at(-1) ?? '')).toMatchObject({ clientId: 'client_new', name: '"client_1"' })
  const [made, given] = wordsOf(samples[text.create.commandLine])
  expect(flagsOf(made?.slice(3))).toMatchObject({ '--team': ['team_1'], '--access': [`${audience}=orders:read`] })
  expect(flagsOf(given?.slice(3))).toMatchObject({ '--client': ['client_new'] })
})

it('what the address hides from readers is not in the draft', () => {
  expect(readDraft({ name: 'a\u001b[201~\nb\u202ec' })).toEqual({ name: 'a [201~ b c' })
})
