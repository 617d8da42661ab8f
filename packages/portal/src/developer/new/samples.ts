/** The same as the button does, by other means. A placeholder stands where a credential goes. */
import type { Body } from '@countersign/client'
import { shellWord } from '../../shared/shell_word.ts'
import { text } from '../../shared/text.ts'
import type { Choices } from './choose.ts'
import { bodyOf, type Draft } from './draft.ts'
import { clientBodyOf } from './holders.ts'

type KeyBody = ReturnType<typeof bodyOf>
type ClientBody = Body<'createClient'>

/** `url`: of the management API. Whatever the address says stands in quotes. */
export function samplesOf(
  draft: Draft,
  { holder, api, me }: Pick<Choices, 'holder' | 'api' | 'me'>,
  url: string,
): Readonly<Record<string, string>> {
  const client = holder === undefined ? undefined : clientBodyOf(holder, me)
  const body = bodyOf(draft, { clientId: holder?.clientId ?? '', audience: api?.audience ?? '' })
  const both = (first: (client: ClientBody) => string, then: string): string =>
    client === undefined ? then : [`# ${text.create.clientFirst}`, first(client), then].join('\n')
  const line = commandOf(body, client !== undefined)
  return {
    [text.create.curl]: both(
      (own) => post(`${url}/v1/clients`, shellWord(JSON.stringify(own, null, 2))),
      post(`${url}/v1/keys`, keyJson(body, client !== undefined)),
    ),
    ...(line === undefined ? {} : { [text.create.commandLine]: both(clientCommandOf, line) }),
  }
}

/** `data`: as the shell shall read it. */
export function post(url: string, data: string): string {
  return [
    `curl ${shellWord(url)} \\`,
    '  -H "Authorization: Bearer $COUNTERSIGN_KEY" \\',
    '  -H "Content-Type: application/json" \\',
    `  -d ${data}`,
  ].join('\n')
}

/** The id of a client that is yet to be made is spliced in by the shell. It is the first member. */
function keyJson(body: KeyBody, isNew: boolean): string {
  const json = shellWord(JSON.stringify(body, null, 2))
  return isNew ? json.replace(`"${body.clientId}"`, () => `"'"$CLIENT_ID"'"`) : json
}

function clientCommandOf({ name, type, teamId, access = [] }: ClientBody): string {
  return command('clients create', [
    ['--type', type],
    ['--name', name],
    ...(teamId === undefined ? [] : [['--team', teamId] as const]),
    ...access.map(({ audience, scope }) => ['--access', `${audience}=${scope}`] as const),
  ])
}

/** `undefined` where a flag would take the text for its own word: `--ip-allow none` lifts the limit. */
function commandOf(body: KeyBody, isNew: boolean): string | undefined {
  const { clientId, audience, scope, name, environment = 'live', expiresAt, rateLimit } = body
  const { ipAllow, originAllow } = body
  if ([...(ipAllow ?? []), ...(originAllow ?? [])].includes('none')) return undefined
  return command('keys create', [
    ['--client', isNew ? theNewClient : clientId],
    ['--audience', audience],
    ['--scope', scope],
    ['--name', name],
    ['--environment', environment],
    ['--expires-at', expiresAt ?? 'none'],
    ...(ipAllow ?? []).map((each) => ['--ip-allow', each] as const),
    ...(originAllow ?? []).map((each) => ['--origin-allow', each] as const),
    ...(rateLimit == null ? [] : [['--rate-limit', `${rateLimit.limit}/${rateLimit.windowSeconds}s`] as const]),
  ])
}

/** Each flag with its value, in quotes. */
export function command(begin: string, flags: readonly (readonly [flag: string, value: Value])[]): string {
  const word = (value: Value): string => (value === theNewClient ? '"$CLIENT_ID"' : shellWord(value))
  return [`npx countersign ${begin}`, ...flags.map(([flag, value]) => `  ${flag} ${word(value)}`)].join(' \\\n')
}

/** Stands for the id that the shell has of a client that was just made. */
const theNewClient = Symbol()
type Value = string | typeof theNewClient
