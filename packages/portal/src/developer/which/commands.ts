/** Credentials by command: with this installation's own values, and a placeholder for each that is not known. */
import type { Api } from '../../shared/api/queries.ts'
import { shellWord } from '../../shared/shell_word.ts'
import { whichText } from '../../shared/text/which.ts'
import type { Caller, Credential } from './decide.ts'

/** The type of client that signs people in for each caller. `spa` and `native` have no secret. */
export const types: Readonly<Record<Caller, string>> = {
  server: 'web',
  app: 'web',
  device: 'spa',
  agent: 'agent',
  ci: 'service',
}

type Flags = readonly (readonly [flag: string, value: string])[]

/** One after the other. `issuer`: the URL of this installation. */
export function commandsOf(
  credential: Exclude<Credential, 'api_key'>,
  caller: Caller,
  api: Pick<Api, 'audience' | 'scopes'>,
  issuer: string,
): string {
  return [`export COUNTERSIGN_URL=${shellWord(issuer)}`, ...stepsOf(credential, caller, api)].join('\n')
}

function stepsOf(
  credential: Exclude<Credential, 'api_key'>,
  caller: Caller,
  { audience, scopes }: Pick<Api, 'audience' | 'scopes'>,
): readonly string[] {
  const scope = (scopes.find(({ name }) => /read$/i.test(name)) ?? scopes[0])?.name ?? ''
  const access: Flags = [
    ['--audience', audience],
    ['--scope', scope],
  ]
  const create = (type: string, more: Flags = []): string =>
    command('clients create', [['--type', type], ['--name', 'My program'], ...access, ...more])
  if (credential === 'jwt_key')
    return [
      create('service'),
      command('token mint', [['--client', 'CLIENT_ID'], ...access, ['--ttl', '30d'], ['--name', 'My program']]),
    ]
  if (credential === 'client_credentials')
    return [
      create('service'),
      [
        'curl "$COUNTERSIGN_URL/oauth/token"',
        '  -u "$CLIENT_ID:$CLIENT_SECRET"',
        '  -d grant_type=client_credentials',
        `  --data-urlencode ${shellWord(`audience=${audience}`)}`,
      ].join(' \\\n'),
    ]
  if (credential === 'code')
    return [
      ...(caller === 'device' ? [`# ${whichText.native}`] : []),
      `${create(types[caller], [['--redirect-uri', 'https://MY_APP/callback']])}${offlineOf(caller)}`,
    ]
  return [
    create('service'),
    command('issuers create https://CI_ISSUER', [
      ['--client', 'CLIENT_ID'],
      ['--jwks-uri', 'https://CI_ISSUER/jwks'],
      ['--when', 'repository_id=MY_REPOSITORY_ID'],
      ...access,
    ]),
  ]
}

/** A program that works while the person is away asks for a refresh token. */
function offlineOf(caller: Caller): string {
  return caller === 'server' || caller === 'agent' ? ' \\\n  --offline-access' : ''
}

function command(begin: string, flags: Flags): string {
  return [`npx countersign ${begin}`, ...flags.map(([flag, value]) => `  ${flag} ${shellWord(value)}`)].join(' \\\n')
}
