/**
 * Passkeys (WebAuthn), as far as a library does not do it: which answers are asked about at all, and what is asked. User
 * verification is required, so a passkey is two factors.
 */
import { decodeBase64url } from '@countersign/core'
import type { Passkey } from '@countersign/store'
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server'
import type { AuthenticationMethod } from '../../caller/authentication_context.ts'
import { serverLimits } from '../../limits.ts'
import type { Challenge } from './challenge.ts'

/** The site that passkeys are bound to. */
export interface RelyingParty {
  readonly id: string
  readonly origin: string
}

/** `undefined` where the host is an address: passkeys want a name (WebAuthn §5.1.2). */
export function relyingParty(issuer: string): RelyingParty | undefined {
  const { hostname, origin } = new URL(issuer)
  const isAddress = hostname.startsWith('[') || /^[\d.]+$/.test(hostname)
  return isAddress ? undefined : { id: hostname, origin }
}

/** COSE: EdDSA, ES256, RS256. */
const algorithms = [-8, -7, -257] as const

/** For `PublicKeyCredential.parseRequestOptionsFromJSON`. Without passkeys: whichever the person chooses. */
export function requestOptions({ id }: RelyingParty, challenge: string, passkeys: readonly Passkey[] = []) {
  const allowCredentials = passkeys.map(descriptor)
  return { challenge, rpId: id, userVerification: 'required', timeout, allowCredentials }
}

/** For `PublicKeyCredential.parseCreationOptionsFromJSON`. */
export function creationOptions(
  { id }: RelyingParty,
  challenge: string,
  {
    site,
    user,
    passkeys,
  }: {
    readonly site: string
    readonly user: { readonly id: string; readonly name: string; readonly displayName: string }
    readonly passkeys: readonly Passkey[]
  },
) {
  return {
    challenge,
    rp: { id, name: site },
    user,
    pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
    authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
    attestation: 'none',
    excludeCredentials: passkeys.map(descriptor),
    timeout,
  }
}

const timeout = serverLimits.passkeySeconds * 1_000

function descriptor({ id, transports }: Passkey) {
  return { type: 'public-key', id, transports }
}

/** The answer of a browser as read: nothing of it is believed yet. */
export interface PasskeyAnswer {
  readonly id: string
  readonly userHandle: string | undefined
  readonly json: object
}

/** `undefined` when it cannot be one. */
export function readPasskeyAnswer(text: string): PasskeyAnswer | undefined {
  const json = parseObject(text)
  const response = json?.response
  if (json === undefined || !isObject(response) || typeof response.clientDataJSON !== 'string') return undefined
  const clientData = decodeBase64url(response.clientDataJSON)
  const { crossOrigin } = parseObject(clientData === undefined ? '' : new TextDecoder().decode(clientData)) ?? {}
  const { id } = json
  // No page of ours is ever framed.
  if (crossOrigin === true || typeof id !== 'string' || !idShape.test(id)) return undefined
  if (id.length > serverLimits.passkeyIdCharactersMax) return undefined
  const { userHandle } = response
  return { id, userHandle: typeof userHandle === 'string' ? userHandle : undefined, json }
}

const idShape = /^[\w-]{1,}$/

function isObject(value: unknown): value is { readonly [member: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parseObject(text: string): { readonly [member: string]: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The library is large, and most processes never need it. */
const load = () => import('@simplewebauthn/server')
const loadHelpers = () => import('@simplewebauthn/server/helpers')

/** The number of signatures that the authenticator has counted; `undefined` when the answer does not hold. */
export async function verifyAssertion(
  { id: expectedRPID, origin: expectedOrigin }: RelyingParty,
  passkey: Passkey,
  { text: expectedChallenge }: Challenge,
  answer: PasskeyAnswer,
): Promise<number | undefined> {
  const publicKey = decodeBase64url(passkey.publicKey)
  if (publicKey === undefined || answer.id !== passkey.id) return undefined
  const { verifyAuthenticationResponse } = await load()
  return tried(async () => {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: answer.json as AuthenticationResponseJSON,
      expectedChallenge,
      expectedOrigin,
      expectedRPID,
      credential: { id: passkey.id, publicKey, counter: passkey.counter },
      requireUserVerification: true,
    })
    return verified ? authenticationInfo.newCounter : undefined
  })
}

export type Registered = Pick<Passkey, 'id' | 'publicKey' | 'counter' | 'transports' | 'isSynced'>

export async function verifyRegistration(
  { id: expectedRPID, origin: expectedOrigin }: RelyingParty,
  { text: expectedChallenge }: Challenge,
  answer: PasskeyAnswer,
): Promise<Registered | undefined> {
  const { verifyRegistrationResponse } = await load()
  const { isoBase64URL } = await loadHelpers()
  const response = answer.json as RegistrationResponseJSON
  return tried(async () => {
    if (!(await hasNoCertificates(response))) return undefined
    const supportedAlgorithmIDs = [...algorithms]
    const asked = { response, expectedChallenge, expectedOrigin, expectedRPID, supportedAlgorithmIDs }
    const { registrationInfo: found } = await verifyRegistrationResponse({ ...asked, requireUserVerification: true })
    if (found === undefined || found.credential.id !== answer.id) return undefined
    const { transports = [] } = response.response
    return {
      id: found.credential.id,
      publicKey: isoBase64URL.fromBuffer(found.credential.publicKey),
      counter: found.credential.counter,
      transports: Array.isArray(transports) ? transports.filter((each) => known.has(each)) : [],
      isSynced: found.credentialDeviceType === 'multiDevice',
    }
  })
}

const known: ReadonlySet<string> = new Set(['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'])

/**
 * None are asked for. The library would look for revocations of those that somebody sends nevertheless, at addresses that the
 * certificates name.
 */
async function hasNoCertificates({ response }: RegistrationResponseJSON): Promise<boolean> {
  const { decodeAttestationObject, isoBase64URL } = await loadHelpers()
  const attestation = decodeAttestationObject(isoBase64URL.toBuffer(response.attestationObject))
  const statement = attestation.get('attStmt')
  return (
    attestation.get('fmt') === 'none' || (attestation.get('fmt') === 'packed' && statement.get('x5c') === undefined)
  )
}

/** The library throws for an answer that does not hold, whatever is wrong with it. */
async function tried<T>(work: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await work()
  } catch {
    return undefined
  }
}

/** A passkey that is kept on several devices is no proof of one piece of hardware (RFC 8176 §2). */
export function passkeyMethods({ isSynced }: Pick<Passkey, 'isSynced'>): readonly AuthenticationMethod[] {
  return [isSynced ? 'swk' : 'hwk', 'mfa']
}
