import { readFileSync } from 'node:fs'
import type { Body } from '@countersign/client'
import { decodeBase64url, isJwtFault, parseJwt, parseKey, type Secret } from '@countersign/core'
import { Command } from 'commander'
import { explainScope, requireAudience, requireClient, requireScope } from '../choices.ts'
import { connectToServer, findServer, insecureFor, readSecretFile } from '../connection.ts'
import { CommandError } from '../exit.ts'
import { leaf, parseDuration, parseJsonFlag } from '../flags.ts'
import { note, printJson, printLine, printRecord } from '../output.ts'
import { readSecretInput } from '../standard_input.ts'
import { listTokens, revokeToken, showToken, updateToken } from './listed_tokens.ts'

interface Json {
  readonly json?: true
}

interface GetFlags extends Json {
  readonly client?: string
  readonly clientSecretFile?: string
  readonly jwk?: string
  readonly audience?: string
  readonly scope?: string
  readonly exchange?: string
}

const get = leaf('get')
  .description('an access token for a client, which alone goes to standard output')
  .option('--client <id>', 'the client that asks')
  .option('--client-secret-file <file>', 'its secret; default or -: from standard input')
  .option('--jwk <file>', 'its private JWK instead of a secret')
  .option('--audience <uri>', 'the API it is for; default: the client’s only one')
  .option('--scope <scope>', 'the scope; default: all that the client may have')
  .option('--exchange <file>', 'exchange the credential in this file (RFC 8693)')
  .action(async (flags: GetFlags) => {
    const { exchangeToken, getToken } = await import('@countersign/client')
    const { issuer, profile } = findServer()
    if (flags.client === undefined) throw new CommandError('usage', '--client is missing: the client that asks')
    const options = {
      issuer,
      clientId: flags.client,
      ...(await readClientCredentials(flags)),
      ...(flags.audience === undefined ? {} : { audience: flags.audience }),
      ...(flags.scope === undefined ? {} : { scope: flags.scope }),
      ...insecureFor(issuer, profile),
    }
    const asked =
      flags.exchange === undefined
        ? getToken(options)
        : exchangeToken({ ...options, subjectToken: readSecretFile(flags.exchange).reveal() })
    const answer = await asked.catch((error: unknown) => {
      throw flags.audience === undefined && isTargetUnsaid(error)
        ? new CommandError('usage', '--audience is missing: this client may use several APIs')
        : error
    })
    if (flags.json === true) printJson(answer)
    else printLine(answer.accessToken)
  })

/** RFC 8707 §2: the server cannot tell which API is meant. */
function isTargetUnsaid(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === 'invalid_target'
}

async function readClientCredentials({ clientSecretFile, jwk }: GetFlags) {
  if (jwk !== undefined && clientSecretFile !== undefined) {
    throw new CommandError('usage', '--jwk and --client-secret-file exclude each other')
  }
  if (jwk !== undefined) return { privateJwk: readPrivateJwk(jwk) }
  const isInput = clientSecretFile === undefined || clientSecretFile === '-'
  const secret = isInput ? await readSecretInput('the client secret') : readSecretFile(clientSecretFile)
  return { clientSecret: secret.reveal() }
}

function readPrivateJwk(file: string): object {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as object
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw new CommandError(isMissing ? 'notFound' : 'error', `${file} ${isMissing ? 'does not exist' : 'is not JSON'}`)
  }
}

interface MintFlags extends Json {
  readonly audience?: string
  readonly client?: string
  readonly scope?: string
  readonly ttl?: number
  readonly subject?: string
  readonly name?: string
  readonly metadata?: { readonly [name: string]: unknown }
}

const mint = leaf('mint')
  .description('a JWT to be used as an API key, which alone goes to standard output: registered, changeable, revocable')
  .option('--audience <uri>', 'the API it is for')
  .option('--client <id>', 'the client that holds it')
  .option('--scope <scope>', 'its scope: tokens with spaces between them')
  .option('--ttl <duration>', 'its life, such as 30d; default: 1d', parseDuration)
  .option('--subject <subject>', 'the party that it speaks for; default: the client')
  .option('--name <name>', 'for people')
  .option('--metadata <json>', 'a JSON object that every verification answers', parseJsonFlag)
  .action(async (flags: MintFlags) => {
    const { management } = connectToServer()
    const audience = await requireAudience(management, flags.audience)
    const client = await requireClient(management, flags.client, audience)
    const scope = await requireScope(management, flags.scope, { client, audience })
    const { ttl, subject, name, metadata } = flags
    const body = {
      clientId: client,
      audience,
      scope,
      ttlSeconds: ttl ?? parseDuration('1d'),
      ...(subject === undefined ? {} : { subject }),
      ...(name === undefined ? {} : { name }),
      ...(metadata === undefined ? {} : { metadata: metadata as NonNullable<Body<'createToken'>['metadata']> }),
    }
    const refused = (error: unknown) => explainScope(error, management, { client, audience })
    const minted = await management.createToken({ body }).catch(refused)
    if (flags.json === true) return printJson(minted)
    note(`token ${minted.jti}, shown once; scope ${minted.scope}; until ${minted.expiresAt}`)
    printLine(minted.token)
  })

const inspect = leaf('inspect')
  .description('show the content of a credential from standard input, without verifying it or asking a server')
  .argument('[-]')
  .action(async (source: string | undefined, { json }: Json) => {
    requireInput(source)
    const said = readCredentialText(await readSecretInput('a credential'))
    if (json === true) return printJson(said)
    note('this is what it says; countersign verify checks it')
    printRecord('claims' in said ? { kind: said.kind, ...said.header, ...said.claims } : { ...said })
  })

function requireInput(source: string | undefined): void {
  if (source !== undefined && source !== '-') {
    throw new CommandError('usage', 'secrets are never arguments: pipe the credential to standard input')
  }
}

interface SaidJwt {
  readonly kind: 'jwt'
  readonly header: { readonly [name: string]: unknown }
  readonly claims: { readonly [name: string]: unknown }
}

interface SaidKey {
  readonly kind: string
  readonly prefix: string
  readonly id: string
  readonly environment?: string
}

const kindOfMarker = {
  live: 'api_key',
  test: 'api_key',
  secret: 'client_secret',
  at: 'access_token',
  sess: 'session',
  code: 'authorization_code',
  rt: 'refresh_token',
} as const

function readCredentialText(credential: Secret): SaidJwt | SaidKey {
  const text = credential.reveal()
  const key = parseKey(text)
  if (key !== undefined) {
    const { marker, prefix, id } = key
    const environment = marker === 'live' || marker === 'test' ? { environment: marker } : {}
    return { kind: kindOfMarker[marker], prefix, id, ...environment }
  }
  const jwt = parseJwt(text)
  if (!isJwtFault(jwt)) return { kind: 'jwt', header: decodePart(text, 0), claims: decodePart(text, 1) }
  throw new CommandError('error', 'this is neither an API key with a right checksum nor a JWT')
}

/** Only after `parseJwt` has taken it. */
function decodePart(text: string, index: number): { readonly [name: string]: unknown } {
  const bytes = decodeBase64url(text.split('.')[index] ?? '')
  return JSON.parse(new TextDecoder().decode(bytes)) as { readonly [name: string]: unknown }
}

export const tokenCommand = new Command('token')
  .description('tokens')
  .addCommand(get)
  .addCommand(mint)
  .addCommand(inspect)
  .addCommand(listTokens)
  .addCommand(showToken)
  .addCommand(updateToken)
  .addCommand(revokeToken)
