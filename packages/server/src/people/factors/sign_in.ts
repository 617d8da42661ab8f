/** Signing in with a passkey, and with a second factor after a first. */
import type { Secret } from '@countersign/core'
import type { WriteTransaction } from '@countersign/store'
import { amrWith } from '../../caller/authentication_context.ts'
import type { Services } from '../../context.ts'
import { clientAddress } from '../../http/client_address.ts'
import { atOneMoment, type IssuingMoment } from '../../oauth/issuing_moment.ts'
import { type SignIn, startSession } from '../sessions.ts'
import { type AtBrowser, signInOf } from '../sign_in.ts'
import { type Challenge, readChallenge } from './challenge.ts'
import { passkeyMethods } from './passkey.ts'
import { findPending, type Pending, redeemPending } from './pending.ts'
import { type Proof, proveSecondFactor } from './second_factor.ts'
import { type ProvenPasskey, provePasskey, usePasskey } from './use_passkey.ts'

type At = AtBrowser & { readonly services: Pick<Services, 'master' | 'signInTries'> }

/** `over`: the first factor has to be shown anew. */
export type SecondOutcome =
  | { readonly text: Secret }
  | { readonly refused: 'wrong' | 'over' }
  | { readonly refused: 'wait'; readonly seconds: number }

export async function signInByCode(at: At, name: string, proof: Proof): Promise<SecondOutcome> {
  const { services, tenant } = at
  return inOneWrite(at, name, async (transaction, moment) => {
    const pending = await findPending(transaction, tenant.id, name, services.now())
    if (pending === undefined) return over
    const of = { tenant: tenant.id, accountId: pending.accountId }
    const proven = await proveSecondFactor(transaction, services.master, of, proof, services.now())
    if (proven === 'wrong') return wrong
    if (proven !== 'right') return { refused: 'wait', seconds: proven.waitSeconds }
    const methods = amrWith(pending.amr, ['otp', 'mfa'])
    return finish(at, transaction, moment, name, pending, methods)
  })
}

/** Without a name of a pending sign-in the passkey is both factors, and names the account. */
export async function signInByPasskey(
  at: At,
  { challenge: given, answer, pending: name }: { challenge: string; answer: string; pending?: string | undefined },
): Promise<SecondOutcome> {
  const { services, tenant } = at
  const challenge = readChallenge(given, services.now())
  if (challenge === undefined) return over
  return inOneWrite(
    at,
    name ?? '',
    async (transaction, moment, proven) => {
      if (proven === undefined) return wrong
      const pending = name === undefined ? undefined : await findPending(transaction, tenant.id, name, services.now())
      if (name !== undefined && pending === undefined) return over
      if (pending !== undefined && pending.accountId !== proven.passkey.accountId) return wrong
      if (!(await usePasskey(transaction, proven, services.now()))) return wrong
      const methods = amrWith(pending?.amr ?? [], passkeyMethods(proven.passkey))
      const { madeBy, portal } = pending ?? {}
      const who = { accountId: proven.passkey.accountId, position: positionOf(challenge, pending), portal, madeBy }
      return finish(at, transaction, moment, name, who, methods)
    },
    () => provePasskey(services.store, tenant, challenge, answer),
  )
}

const over = { refused: 'over' } as const
const wrong = { refused: 'wrong' } as const

function positionOf({ position }: Challenge, pending: Pending | undefined): number {
  return Math.min(position, pending?.position ?? position)
}

/** A wrong code is kept by the same transaction that a right one is used in, so neither can be tried twice at once. */
async function inOneWrite(
  { request, services, tenant }: At,
  name: string,
  work: (
    transaction: WriteTransaction,
    moment: IssuingMoment,
    proven: ProvenPasskey | undefined,
  ) => Promise<SecondOutcome>,
  prove: () => Promise<ProvenPasskey | undefined> = async () => undefined,
): Promise<SecondOutcome> {
  const address = clientAddress(request, services.trustedProxies)
  const seconds = services.signInTries.begin(tenant.id, name, address, services.now())
  if (seconds > 0) return { refused: 'wait', seconds }
  return atOneMoment(services, tenant, async (moment) => {
    const proven = await prove()
    const { value, entries } = await services.store.write((transaction) => work(transaction, moment, proven), {
      tenant: tenant.id,
    })
    await services.books.settle(entries)
    return value
  })
}

async function finish(
  at: At,
  transaction: WriteTransaction,
  moment: IssuingMoment,
  pending: string | undefined,
  { accountId, madeBy, portal, position }: Pick<SignIn, 'madeBy' | 'portal' | 'position'> & Pick<Pending, 'accountId'>,
  amr: readonly string[],
): Promise<SecondOutcome> {
  const { services, tenant } = at
  const isFirst = pending === undefined || (await redeemPending(transaction, tenant.id, pending, services.now()))
  const account = await transaction.accounts.find(tenant.id, accountId)
  if (!isFirst || account === undefined) return over
  const signIn = { ...signInOf(at, accountId), account, position, amr, portal, madeBy }
  const started = await startSession(services, tenant, transaction, moment, signIn)
  return started === undefined || !('text' in started) ? over : { text: started.text }
}
