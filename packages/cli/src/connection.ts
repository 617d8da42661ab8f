/** Which server a command talks to, and as whom: docs/commands.md §2. */
import { readFileSync } from 'node:fs'
import { createManagementClient, type ManagementClient } from '@countersign/client'
import { Secret } from '@countersign/core'
import { CommandError } from './exit.ts'
import { sayWhoAsked } from './failure.ts'
import { findProfile, type Profile } from './profile.ts'

export interface Connection {
  readonly issuer: string
  readonly credential: Secret
  readonly management: ManagementClient
  readonly profile: Profile | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

/** The server and the key of the environment, else of the profile found upward. Throws `CommandError`. */
export function connectToServer(
  options: { readonly server?: string | undefined; readonly credentialFile?: string | undefined } = {},
  environment: Environment = process.env,
): Connection {
  const profile = findProfile(process.cwd())
  const issuer = findIssuer(options.server, environment, profile)
  const credential = findCredential(issuer, options.credentialFile, environment, profile)
  try {
    const management = createManagementClient({
      issuer,
      credential: credential.reveal(),
      ...insecureFor(issuer, profile),
    })
    return { issuer, credential, management, profile }
  } catch (error) {
    throw new CommandError('usage', `${issuer}: ${error instanceof Error ? error.message : 'cannot be used'}`)
  }
}

/** The issuer alone: for commands that bring credentials of their own. */
export function findServer(environment: Environment = process.env): { issuer: string; profile: Profile | undefined } {
  const profile = findProfile(process.cwd())
  return { issuer: findIssuer(undefined, environment, profile), profile }
}

/** Plain http beyond this machine only where `dev --host` wrote it down itself. */
export function insecureFor(issuer: string, profile: Profile | undefined) {
  return profile?.url === issuer ? { dangerouslyAllowInsecureHttp: true } : {}
}

function findIssuer(given: string | undefined, environment: Environment, profile: Profile | undefined): string {
  const issuer = given ?? environment.COUNTERSIGN_URL ?? profile?.url
  if (issuer !== undefined && issuer !== '') return issuer.replace(/\/+$/, '')
  throw new CommandError(
    'usage',
    'no server is known: set COUNTERSIGN_URL and COUNTERSIGN_KEY, or run below the folder where countersign dev runs',
  )
}

function findCredential(
  issuer: string,
  file: string | undefined,
  environment: Environment,
  profile: Profile | undefined,
): Secret {
  if (file !== undefined) return readSecretFile(file)
  const { COUNTERSIGN_KEY: key, COUNTERSIGN_KEY_FILE: keyFile } = environment
  if (key !== undefined && keyFile !== undefined) {
    throw new CommandError('usage', 'COUNTERSIGN_KEY and COUNTERSIGN_KEY_FILE are both set: leave one out')
  }
  // The profile's key goes to the profile's server: another one would learn it.
  const kept = profile?.url === issuer ? profile.adminKey : undefined
  const isKey = key !== undefined && key.trim() !== ''
  if (keyFile !== undefined || isKey) {
    const variable = keyFile !== undefined ? 'COUNTERSIGN_KEY_FILE' : 'COUNTERSIGN_KEY'
    const remedy = kept === undefined ? '' : ': unset it to ask as the administrator of the profile'
    sayWhoAsked(`asked with the key of ${variable}${remedy}`)
  }
  if (keyFile !== undefined) return readSecretFile(keyFile)
  if (isKey) return new Secret(key.trim())
  if (kept !== undefined) return kept
  throw new CommandError('usage', `no key is known for ${issuer}: set COUNTERSIGN_KEY or COUNTERSIGN_KEY_FILE`)
}

/** A file that holds one secret and nothing else. */
export function readSecretFile(file: string): Secret {
  let text: string
  try {
    text = readFileSync(file, 'utf8').trim()
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw new CommandError(
      isMissing ? 'notFound' : 'error',
      `${file} ${isMissing ? 'does not exist' : 'cannot be read'}`,
    )
  }
  if (text === '' || /\s/.test(text)) throw new CommandError('error', `${file} must hold one secret and nothing else`)
  return new Secret(text)
}
