/**
 * Proving once more to be it. The session keeps its id and changes its secret: whoever has copied the cookie before gains
 * nothing by a proof that somebody else gives.
 */
import { digest, generateKey, Secret, timingSafeEqual } from '@countersign/core'
import type { AccountSession, WriteTransaction } from '@countersign/store'
import { type AuthenticationMethod, amrWith } from '../../caller/authentication_context.ts'
import type { Services } from '../../context.ts'
import { sessionObject } from '../../feed/objects.ts'
import { clientAddress } from '../../http/client_address.ts'
import { serverLimits } from '../../limits.ts'
import { orBusy, type PasswordHash } from '../password.ts'
import { type AtBrowser, signInOf } from '../sign_in.ts'
import { readChallenge } from './challenge.ts'
import { readPresentSession } from './own_session.ts'
import { passkeyMethods } from './passkey.ts'
import { hasSecondFactor, type Proof, proveSecondFactor, readFactors } from './second_factor.ts'
import { provePasskey, usePasskey } from './use_passkey.ts'

type At = AtBrowser & {
  readonly services: Pick<Services, 'master' | 'passwords' | 'signInTries'>
  readonly signedIn: {
    readonly session: AccountSession
    readonly account: { readonly id: string; readonly email?: string }
  }
}

/** `over`: the session has ended or changed its secret meanwhile. */
export type StepUpOutcome =
  | { readonly text: Secret }
  | { readonly refused: 'wrong' | 'over' | 'busy' }
  | { readonly refused: 'wait'; readonly seconds: number }

/** For an account that has a second factor its password proves nothing more: the session began with it. */
export async function stepUpByPassword(at: At, password: string): Promise<StepUpOutcome> {
  const { request, services, signedIn, tenant } = at
  const { id, email = '' } = signedIn.account
  const address = clientAddress(request, services.trustedProxies)
  const identity = await services.store.read.identities.find(tenant.id, id, 'password')
  const tried = limited(at, email, async () => {
    const isRight = await services.passwords.holds(password, identity?.content as PasswordHash | undefined)
    if (!isRight || identity === undefined) return { refused: 'wrong' } as const
    return stepUp(at, async (transaction) => {
      const still = await transaction.identities.find(tenant.id, id, 'password')
      const factors = await readFactors(transaction, { tenant: tenant.id, accountId: id })
      return still?.version === identity.version && !hasSecondFactor(factors) ? ['pwd'] : 'wrong'
    })
  })
  const outcome = await orBusy(tried)
  if ('text' in outcome) services.signInTries.succeeded(tenant.id, email, address)
  else if (outcome.refused === 'wrong') services.signInTries.failed(tenant.id, email, address, services.now())
  return outcome
}

export async function stepUpByCode(at: At, proof: Proof): Promise<StepUpOutcome> {
  const { services, signedIn, tenant } = at
  const of = { tenant: tenant.id, accountId: signedIn.account.id }
  return limited(at, signedIn.session.id, () =>
    stepUp(at, async (transaction) => {
      const proven = await proveSecondFactor(transaction, services.master, of, proof, services.now())
      return proven === 'right' ? ['otp', 'mfa'] : proven
    }),
  )
}

export async function stepUpByPasskey(at: At, given: string, answer: string): Promise<StepUpOutcome> {
  const { services, signedIn, tenant } = at
  const challenge = readChallenge(given, services.now())
  if (challenge === undefined) return { refused: 'wrong' }
  return limited(at, signedIn.session.id, async () => {
    const proven = await provePasskey(services.store, tenant, challenge, answer, signedIn.account.id)
    if (proven === undefined) return { refused: 'wrong' }
    return stepUp(at, async (transaction) =>
      (await usePasskey(transaction, proven, services.now())) ? passkeyMethods(proven.passkey) : 'wrong',
    )
  })
}

async function limited(
  { request, services, tenant }: At,
  name: string,
  work: () => Promise<StepUpOutcome>,
): Promise<StepUpOutcome> {
  const address = clientAddress(request, services.trustedProxies)
  const seconds = services.signInTries.begin(tenant.id, name, address, services.now())
  return seconds > 0 ? { refused: 'wait', seconds } : work()
}

type Proved = readonly AuthenticationMethod[] | 'wrong' | { readonly waitSeconds: number }

async function stepUp(at: At, prove: (transaction: WriteTransaction) => Promise<Proved>): Promise<StepUpOutcome> {
  const { services, tenant } = at
  const { value, entries } = await services.store.write<StepUpOutcome>(
    async (transaction) => {
      const own = await readPresentSession(at, transaction)
      if (own === undefined || !timingSafeEqual(own.presented, own.session.digest)) return { refused: 'over' }
      const proved = await prove(transaction)
      if (proved === 'wrong') return { refused: 'wrong' }
      if ('waitSeconds' in proved) return { refused: 'wait', seconds: proved.waitSeconds }
      return { text: await changeSecret(at, transaction, own.session, proved) }
    },
    { tenant: tenant.id },
  )
  await services.books.settle(entries)
  return value
}

async function changeSecret(
  at: At,
  transaction: WriteTransaction,
  session: AccountSession,
  proved: readonly AuthenticationMethod[],
): Promise<Secret> {
  const { services, tenant } = at
  const { keyPrefix: prefix, randomBytes } = services
  const now = services.now()
  const { text } = generateKey({ prefix, marker: 'sess', id: session.id, randomBytes })
  const changed: AccountSession = {
    ...session,
    prefix,
    digest: await digest(text),
    former: { digest: session.digest, until: Math.floor(now) + serverLimits.formerSessionSeconds },
    amr: amrWith(session.amr, proved),
    steppedUpAt: Math.floor(now),
    version: session.version + 1,
    updatedAt: Math.floor(now),
  }
  await transaction.sessions.update(changed)
  const { actor, requestId } = signInOf(at, session.accountId)
  const after = { accountId: session.accountId, amr: changed.amr }
  const audit = { actor, action: 'session.step_up', objectType: 'session', objectId: session.id, after, requestId }
  transaction.append({ tenant: tenant.id, audit, objects: () => [sessionObject(changed)] })
  return new Secret(text)
}
