/** Ways to sign in end here: each makes one session, from one moment. */
import type { Secret } from '@countersign/core'
import type { AuditActor, Store } from '@countersign/store'
import type { Services, TenantContext } from '../context.ts'
import { clientAddress, senderOf } from '../http/client_address.ts'
import { headerValues } from '../http/header.ts'
import type { HttpRequest } from '../http/request.ts'
import { serverLimits } from '../limits.ts'
import { atOneMoment } from '../oauth/issuing_moment.ts'
import { endConsent } from './consents.ts'
import { redeemLink } from './links.ts'
import { orBusy, type PasswordHash } from './password.ts'
import { endSession, type SignIn, type Started, startSession } from './sessions.ts'

export interface AtBrowser {
  readonly services: Pick<Services, 'books' | 'keyPrefix' | 'now' | 'randomBytes' | 'trustedProxies'> & {
    readonly store: Store
  }
  readonly tenant: TenantContext
  readonly request: HttpRequest
  readonly sessionText: string | undefined
}

/** It is an operator's by now: portal links sign in none. */
type LinkOutcome = (Started & { readonly isPortal: boolean }) | 'operator' | undefined

/** `undefined` where the link is used up, or its account has ended since it was made, or its maker could not make it now. */
export async function signInByLink(at: AtBrowser, code: string): Promise<LinkOutcome> {
  const { services, tenant } = at
  return atOneMoment(services, tenant, async (moment) => {
    const { value, entries } = await services.store.write(
      async (transaction) => {
        const link = await redeemLink(transaction, tenant.id, code, services.now())
        const account = link && (await transaction.accounts.find(tenant.id, link.accountId))
        if (link === undefined || account === undefined) return undefined
        const { madeBy, portal, position } = link
        if (portal !== undefined && account.role !== undefined) return 'operator'
        const signIn = { ...signInOf(at, account.id), account, position, amr: ['otp'], portal, madeBy }
        const started = await startSession(services, tenant, transaction, moment, signIn)
        return started && { ...started, isPortal: portal !== undefined }
      },
      { tenant: tenant.id },
    )
    await services.books.settle(entries)
    return value
  })
}

/** How a try with a password ends, besides a session. `wrong` is the same for a wrong password and for an unknown address. */
export type PasswordOutcome =
  | { readonly text: Secret }
  /** The password was right, and the account has a second factor. */
  | { readonly pending: string }
  | { readonly refused: 'wrong' | 'busy' }
  | { readonly refused: 'wait'; readonly seconds: number }

/**
 * An unknown address takes as long as a wrong password: both are hashed. The account and its password are read again in the
 * transaction, since hashing takes a while.
 */
export async function signInByPassword(
  at: AtBrowser & { readonly services: Pick<Services, 'passwords' | 'signInTries'> },
  email: string,
  password: string,
): Promise<PasswordOutcome> {
  const { services, tenant, request } = at
  const address = clientAddress(request, services.trustedProxies)
  const seconds = services.signInTries.begin(tenant.id, email, address, services.now())
  if (seconds > 0) return { refused: 'wait', seconds }
  const tried = atOneMoment(services, tenant, async (moment) => {
    const { accounts, identities } = services.store.read
    const account = await accounts.findByEmail(tenant.id, email)
    const identity = await identities.find(tenant.id, account?.id ?? '', 'password')
    const isRight = await services.passwords.holds(password, identity?.content as PasswordHash | undefined)
    if (!isRight || account === undefined || identity === undefined) return undefined
    const { value, entries } = await services.store.write(
      async (transaction) => {
        const current = await transaction.accounts.find(tenant.id, account.id)
        const still = await transaction.identities.find(tenant.id, account.id, 'password')
        if (current === undefined || still?.version !== identity.version) return undefined
        const signIn = {
          ...signInOf(at, account.id),
          account: current,
          position: moment.position,
          amr: ['pwd'],
          passwordVersion: identity.version,
        }
        return startSession(services, tenant, transaction, moment, signIn)
      },
      { tenant: tenant.id },
    )
    await services.books.settle(entries)
    return value
  })
  const session = await orBusy(tried)
  if (session === undefined) {
    services.signInTries.failed(tenant.id, email, address, services.now())
    return { refused: 'wrong' }
  }
  if (!('refused' in session)) services.signInTries.succeeded(tenant.id, email, address)
  return session
}

/** Ends the session that the browser has. One that is not there, or has ended, is no error. */
export async function signOut(at: AtBrowser, sessionId: string, accountId: string): Promise<void> {
  const { services, tenant } = at
  const { entries } = await services.store.write(
    async (transaction) => {
      const session = await transaction.sessions.find(tenant.id, sessionId)
      if (session !== undefined) await endSession(transaction, session, services.now(), signInOf(at, accountId))
    },
    { tenant: tenant.id, endsCredentials: true },
  )
  await services.books.settle(entries)
}

/** Removes a consent of the person's own. */
export async function removeConsent(at: AtBrowser, consentId: string, accountId: string): Promise<void> {
  const { services, tenant } = at
  const { entries } = await services.store.write(
    async (transaction) => {
      const consent = await transaction.consents.find(tenant.id, consentId)
      const isOwn = consent?.accountId === accountId
      if (consent !== undefined && isOwn)
        await endConsent(transaction, consent, services.now(), signInOf(at, accountId))
    },
    { tenant: tenant.id, endsCredentials: true },
  )
  await services.books.settle(entries)
}

/** The part of a sign-in that its request tells. */
export function signInOf(
  { services, request, sessionText }: AtBrowser,
  accountId: string,
): Pick<SignIn, 'actor' | 'address' | 'former' | 'requestId' | 'userAgent'> {
  const actor: AuditActor = { kind: 'account', accountId, ...senderOf(request, services.trustedProxies) }
  const userAgent = headerValues(request, 'user-agent')[0]?.slice(0, serverLimits.userAgentCharactersMax) ?? ''
  return {
    actor,
    address: clientAddress(request, services.trustedProxies),
    former: sessionText,
    requestId: request.requestId,
    userAgent,
  }
}
