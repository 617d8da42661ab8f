/**
 * The ways in which a person signs in, changed by that person. Each change wants a proof of the last minutes, and reads
 * session, account and what is changed again in its transaction.
 */
import { decodeBase64url, encodeBase64url, type FeedObject, randomBase62, type Seconds } from '@countersign/core'
import type {
  Account,
  AccountSession,
  Passkey,
  ReadRepositories,
  WriteOptions,
  WriteTransaction,
} from '@countersign/store'
import { type AuthenticationMethod, amrWith } from '../../caller/authentication_context.ts'
import type { Services } from '../../context.ts'
import { sessionObject } from '../../feed/objects.ts'
import { type MasterKey, seal, unseal } from '../../keys/master_key.ts'
import { serverLimits } from '../../limits.ts'
import { readSettings } from '../settings.ts'
import { signInOf } from '../sign_in.ts'
import { readChallenge, takeChallenge } from './challenge.ts'
import { type AtOwn, hasProvenLately, readOwnSession } from './own_session.ts'
import { passkeyMethods, readPasskeyAnswer, relyingParty, verifyRegistration } from './passkey.ts'
import {
  hasSecondFactor,
  makeRecoveryCodes,
  type OfAccount,
  readFactors,
  sealTotp,
  type TotpContent,
} from './second_factor.ts'
import { findStep } from './totp.ts'

type At = AtOwn & { readonly services: Pick<Services, 'master'> }

export interface Changing {
  readonly transaction: WriteTransaction
  readonly account: Account
  readonly session: AccountSession
  readonly of: OfAccount
  readonly now: Seconds
  /** Writes the audit event of the change, with the entries of the feed that go with it. */
  said(action: string, after?: object, objects?: (sequence: number) => readonly FeedObject[]): void
}

/** The session has ended, or its proof is too old: nothing was changed. */
export type StepUpFirst = { readonly refused: 'step_up' }

export async function changeOwn<T>(
  at: At,
  work: (changing: Changing) => Promise<T>,
  options: WriteOptions = {},
): Promise<T | StepUpFirst> {
  const { services, tenant } = at
  const { value, entries } = await services.store.write<T | StepUpFirst>(
    async (transaction) => {
      const now = services.now()
      const own = await readOwnSession(at, transaction)
      const isProven = own && (await hasProvenLately(transaction, own.session, own.presented, now))
      if (own === undefined || isProven !== true) return { refused: 'step_up' }
      const { account, session } = own
      const { actor, requestId } = signInOf(at, account.id)
      const said: Changing['said'] = (action, after = {}, objects = () => []) => {
        const audit = { actor, action, objectType: 'account', objectId: account.id, after, requestId }
        transaction.append({ tenant: tenant.id, audit, objects })
      }
      return work({ transaction, account, session, of: { tenant: tenant.id, accountId: account.id }, now, said })
    },
    { tenant: tenant.id, ...options },
  )
  await services.books.settle(entries)
  return value
}

/** Recovery codes that were made, for the page that shows them; none where the account had some. */
export interface Added {
  readonly codes?: readonly string[]
}

type Refusal<Why extends string> = { readonly refused: Why }

/** The secret of an app that is being set up, for the form that carries it: nothing is stored until a code has come. */
export function sealEnrolment(at: At & { readonly now: Seconds }, secret: Uint8Array): string {
  const text = JSON.stringify({ secret: encodeBase64url(secret), madeAt: Math.floor(at.now) })
  return encodeBase64url(seal(at.services.master.derive('second_factors'), text, enrolmentContext(at)))
}

/** `undefined` when it is none of ours, of another session, or too old. */
export function openEnrolment(at: At & { readonly now: Seconds }, sealed: string): Uint8Array | undefined {
  try {
    const bytes = decodeBase64url(sealed) ?? new Uint8Array()
    const text = unseal(at.services.master.derive('second_factors'), bytes, enrolmentContext(at))
    const { secret, madeAt } = JSON.parse(text) as { readonly secret: string; readonly madeAt: number }
    return at.now - madeAt < serverLimits.secondFactorSeconds ? decodeBase64url(secret) : undefined
  } catch {
    return undefined
  }
}

const enrolmentContext = ({ signedIn, tenant }: At): string =>
  JSON.stringify(['totp_enrolment', tenant.id, signedIn.session.id])

export function addTotp(
  at: At,
  secret: Uint8Array,
  code: string,
): Promise<Added | StepUpFirst | Refusal<'wrong' | 'there'>> {
  return changeOwn(at, async (changing) => {
    const { now, of, said, transaction } = changing
    const { identities } = transaction
    if ((await identities.find(of.tenant, of.accountId, 'totp')) !== undefined) return { refused: 'there' }
    const step = findStep(secret, code, now, -1)
    if (step === undefined) return { refused: 'wrong' }
    const content: TotpContent = { sealed: sealTotp(at.services.master, of, secret), step, failures: 0, until: 0 }
    await identities.put({ ...of, kind: 'totp', content: { ...content } }, now)
    said('account.factor.add', { kind: 'totp' }, await provenBy(changing, ['otp', 'mfa']))
    return firstCodes(at, changing)
  })
}

export function removeTotp(at: At): Promise<'removed' | StepUpFirst> {
  return changeOwn(at, async (changing) => {
    await changing.transaction.identities.delete(changing.of.tenant, changing.of.accountId, 'totp')
    changing.said('account.factor.remove', { kind: 'totp' })
    await dropIdleCodes(changing)
    return 'removed' as const
  })
}

/** Setting a factor up has shown it: the session is one of two factors from now on. */
async function provenBy({ now, session, transaction }: Changing, methods: readonly AuthenticationMethod[]) {
  const amr = amrWith(session.amr, methods)
  const proven: AccountSession = { ...session, amr, version: session.version + 1, updatedAt: Math.floor(now) }
  await transaction.sessions.update(proven)
  return () => [sessionObject(proven)]
}

/** Codes are for whoever has a second factor to lose. */
export function renewRecoveryCodes(at: At): Promise<Added | StepUpFirst | Refusal<'no_factor'>> {
  return changeOwn(at, async (changing) => {
    if (!hasSecondFactor(await readFactors(changing.transaction, changing.of))) return { refused: 'no_factor' }
    return newCodes(at, changing)
  })
}

async function firstCodes(at: At, changing: Changing): Promise<Added> {
  const { recoveryCodes } = await readFactors(changing.transaction, changing.of)
  return recoveryCodes > 0 ? {} : newCodes(at, changing)
}

async function newCodes({ services: { randomBytes } }: At, { now, of, said, transaction }: Changing): Promise<Added> {
  const codes = await makeRecoveryCodes(transaction, of, { now, randomBytes })
  said('account.recovery_codes', { count: codes.length })
  return { codes }
}

async function dropIdleCodes({ of, transaction }: Changing): Promise<void> {
  if (hasSecondFactor(await readFactors(transaction, of))) return
  await transaction.identities.delete(of.tenant, of.accountId, 'recovery_codes')
}

export interface NewPasskey {
  readonly challenge: string
  readonly userHandle: string
  readonly name: string
  readonly answer: string
}

export async function addPasskey(
  at: At,
  { challenge: given, userHandle, name, answer: text }: NewPasskey,
): Promise<Added | StepUpFirst | Refusal<'wrong' | 'many'>> {
  const { services, tenant } = at
  const challenge = readChallenge(given, services.now())
  const answer = readPasskeyAnswer(text)
  const party = relyingParty(tenant.issuer)
  if (challenge === undefined || answer === undefined || party === undefined) return { refused: 'wrong' }
  const registered = await verifyRegistration(party, challenge, answer)
  if (registered === undefined) return { refused: 'wrong' }
  return changeOwn(at, async (changing) => {
    const { now, of, said, transaction } = changing
    const own = await transaction.passkeys.ofAccount(of.tenant, of.accountId)
    if (own.length >= serverLimits.passkeysMax) return { refused: 'many' }
    // Two pages that were open before the first passkey have told their browsers different ones.
    if (own[0] !== undefined && own[0].userHandle !== userHandle) return { refused: 'wrong' }
    const isTaken = (await transaction.passkeys.find(of.tenant, registered.id)) !== undefined
    if (isTaken || !(await takeChallenge(transaction, of.tenant, challenge))) return { refused: 'wrong' }
    const seconds = Math.floor(now)
    await transaction.passkeys.insert({
      ...of,
      ...registered,
      userHandle,
      name,
      version: 1,
      createdAt: seconds,
      updatedAt: seconds,
    })
    said('account.factor.add', { kind: 'passkey', name }, await provenBy(changing, passkeyMethods(registered)))
    return firstCodes(at, changing)
  })
}

/** The name by which authenticators know the account: one for all its passkeys. */
export async function userHandleOf(
  { passkeys }: Pick<ReadRepositories, 'passkeys'>,
  of: OfAccount,
  randomBytes: (count: number) => Uint8Array,
): Promise<string> {
  const [first] = await passkeys.ofAccount(of.tenant, of.accountId)
  return first?.userHandle ?? encodeBase64url(randomBytes(32))
}

export function renamePasskey(at: At, id: string, name: string): Promise<'renamed' | StepUpFirst | Refusal<'gone'>> {
  return changeOwn(at, async ({ now, of, said, transaction }) => {
    const passkey = await ownPasskey(transaction, of, id)
    if (passkey === undefined) return { refused: 'gone' }
    const version = passkey.version + 1
    await transaction.passkeys.update({ ...passkey, name, version, updatedAt: Math.floor(now) })
    said('account.factor.rename', { kind: 'passkey', name })
    return 'renamed' as const
  })
}

type AtWays = At & { readonly services: Pick<Services, 'mailer' | 'openness'> }

/** The last way in stays: without it nobody could sign in to remedy that. */
export function removePasskey(at: AtWays, id: string): Promise<'removed' | StepUpFirst | Refusal<'gone' | 'last'>> {
  return changeOwn(at, async (changing) => {
    const { of, said, transaction } = changing
    const passkey = await ownPasskey(transaction, of, id)
    if (passkey === undefined) return { refused: 'gone' }
    const { passkeys } = await readFactors(transaction, of)
    if (passkeys === 1 && !(await comesInByAddress(at, changing))) return { refused: 'last' }
    await transaction.passkeys.delete(of.tenant, id)
    said('account.factor.remove', { kind: 'passkey', name: passkey.name })
    await dropIdleCodes(changing)
    return 'removed' as const
  })
}

/** Whether the address signs the person in, by the password or by a mailed code, as far as these are offered. */
async function comesInByAddress(
  { services, tenant }: AtWays,
  { account, of, transaction }: Changing,
): Promise<boolean> {
  const { signIn } = await readSettings(transaction, tenant, services.openness)
  if (!account.emailVerified) return false
  if (signIn.mailCode && services.mailer.isOn) return true
  return signIn.password && (await transaction.identities.find(of.tenant, of.accountId, 'password')) !== undefined
}

/** One of somebody else is not there. */
async function ownPasskey({ passkeys }: WriteTransaction, of: OfAccount, id: string): Promise<Passkey | undefined> {
  const passkey = await passkeys.find(of.tenant, id)
  return passkey?.accountId === of.accountId ? passkey : undefined
}

/** Codes on their way to the page that shows them once: nobody opens them without the name that the page is asked for by. */
const shownKind = 'recovery_codes_shown'

export async function keepShown(at: At, codes: readonly string[]): Promise<string> {
  const { services, signedIn, tenant } = at
  const name = randomBase62(32, services.randomBytes)
  const key = services.master.deriveWith('recovery_codes', name)
  const sealed = encodeBase64url(seal(key, JSON.stringify(codes), signedIn.session.id))
  const endsAt = services.now() + serverLimits.recoveryCodesShownSeconds
  await services.store.write((it) => it.singleUse.keep(shownKind, tenant.id, name, { sealed }, endsAt), {
    tenant: tenant.id,
  })
  return name
}

export async function takeShown(at: At, name: string): Promise<readonly string[] | undefined> {
  const { services, signedIn, tenant } = at
  const { value } = await services.store.write(
    (it) => it.singleUse.redeem(shownKind, tenant.id, name, services.now()),
    {
      tenant: tenant.id,
    },
  )
  if (value?.isFirst !== true) return undefined
  return openShown(services.master, name, (value.content as { readonly sealed: string }).sealed, signedIn.session.id)
}

function openShown(master: MasterKey, name: string, sealed: string, sessionId: string): readonly string[] | undefined {
  try {
    const key = master.deriveWith('recovery_codes', name)
    return JSON.parse(unseal(key, decodeBase64url(sealed) ?? new Uint8Array(), sessionId)) as readonly string[]
  } catch {
    return undefined
  }
}
