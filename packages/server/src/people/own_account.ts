/** Changes that a person makes to the own account as a whole: another password, and signing out everywhere. */
import type { Secret } from '@countersign/core'
import type { Services } from '../context.ts'
import { serverLimits } from '../limits.ts'
import { atOneMoment } from '../oauth/issuing_moment.ts'
import { endAllOf } from './end_account.ts'
import { type AtOwn, readOwnSession } from './factors/own_session.ts'
import { type Changing, changeOwn, type StepUpFirst } from './factors/own_ways.ts'
import { orBusy, passwordFlaw } from './password.ts'
import { endSession, startSession } from './sessions.ts'
import { signInOf } from './sign_in.ts'

type At = AtOwn & { readonly services: Pick<Services, 'master' | 'passwords'> }

/** `text`: the session that the browser has from now on, where its former one ended with all others. */
export type PasswordChange =
  | { readonly text: Secret | undefined; readonly isNew: boolean }
  | { readonly refused: 'busy' | 'unverified' | 'flaw'; readonly why?: string }
  | StepUpFirst

/**
 * All other sessions end. With `endsApplications` everything ends that the account has, by one cut-off, and this browser is
 * given a session that counts from there.
 */
export async function changePassword(at: At, password: string, endsApplications: boolean): Promise<PasswordChange> {
  const { services, tenant } = at
  const why = passwordFlaw(password)
  if (why !== undefined) return { refused: 'flaw', why }
  const hash = await orBusy(services.passwords.hash(password))
  if ('refused' in hash) return hash
  let cutOff = 0
  const changed = await changeOwn(
    at,
    async (changing) => {
      const { account, now, of, said, session, transaction } = changing
      if (!account.emailVerified) return { refused: 'unverified' } as const
      await transaction.identities.put({ ...of, kind: 'password', content: { ...hash } }, now)
      if (!endsApplications) {
        await endOthers(at, changing)
        said('account.password', { endsApplications })
        return session
      }
      const { objects } = await endAllOf(transaction, account, now)
      said('account.password', { endsApplications }, (sequence) => {
        cutOff = sequence
        return objects(sequence)
      })
      return session
    },
    { endsCredentials: true },
  )
  if ('refused' in changed) return changed
  if (!endsApplications) return { text: undefined, isNew: false }
  const { accountId, amr, authenticatedAt, steppedUpAt } = changed
  const proven = { authenticatedAt, ...(steppedUpAt === undefined ? {} : { steppedUpAt }) }
  return atOneMoment(services, tenant, async (moment) => {
    const { value, entries } = await services.store.write(
      async (transaction) => {
        const account = await transaction.accounts.find(tenant.id, accountId)
        if (account === undefined) return undefined
        const signIn = { ...signInOf(at, accountId), account, amr, position: cutOff, proven, former: undefined }
        return startSession(services, tenant, transaction, moment, signIn)
      },
      { tenant: tenant.id },
    )
    await services.books.settle(entries)
    return { text: value !== undefined && 'text' in value ? value.text : undefined, isNew: true }
  })
}

/** Each by its own entry: nothing else of the account ends. */
async function endOthers(at: At, { now, of, session: own, transaction }: Changing): Promise<void> {
  const by = signInOf(at, of.accountId)
  const filter = { accountId: of.accountId, activeAt: now }
  // An account has no more than that.
  const page = { limit: serverLimits.accountSessionsMax }
  for (const each of await transaction.sessions.list(of.tenant, filter, page))
    if (each.id !== own.id) await endSession(transaction, each, now, by)
}

/** Everything that the account has ends, this session too. Whoever holds the session may do that without another proof. */
export async function signOutEverywhere(at: AtOwn): Promise<void> {
  const { services, tenant } = at
  const { entries } = await services.store.write(
    async (transaction) => {
      const own = await readOwnSession(at, transaction)
      if (own === undefined) return
      const { account } = own
      const { actor, requestId } = signInOf(at, account.id)
      const { objects, sessions } = await endAllOf(transaction, account, services.now())
      const audit = { actor, action: 'account.revoke', objectType: 'account', objectId: account.id, requestId }
      transaction.append({ tenant: tenant.id, audit: { ...audit, after: { sessions } }, objects })
    },
    { tenant: tenant.id, endsCredentials: true },
  )
  await services.books.settle(entries)
}
