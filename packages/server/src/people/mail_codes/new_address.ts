/** Another address for an account, proven by a code that is mailed to it. The old one is told. */
import type { Account, AccountSession } from '@countersign/store'
import { emailKey } from '@countersign/store'
import { isProvenLately } from '../../caller/session_again.ts'
import { readOwnSession } from '../factors/own_session.ts'
import type { StepUpFirst } from '../factors/own_ways.ts'
import { signInOf } from '../sign_in.ts'
import { type AtMail, askForCode, mustWait, type NotTaken, notify, type Refused } from './ask_for_code.ts'
import { tryCode } from './mail_code.ts'
import { addressChangedMail, knownAddressMail, newAddressMail } from './mail_texts.ts'

interface Content {
  readonly accountId: string
  readonly sessionId: string
}

export interface Own {
  readonly account: Account
  readonly session: AccountSession
}

/** An address that somebody has is told so by mail; the page reads the same. */
export function askForAddress(
  at: AtMail,
  { account: own, session }: Own,
  email: string,
): Promise<{ readonly challenge: string } | Refused> {
  return askForCode(at, {
    purpose: 'new_address',
    email,
    content: (): Content => ({ accountId: own.id, sessionId: session.id }),
    mail: (account, code) => {
      const to = { email: account?.email ?? email, name: at.name }
      return account === undefined ? newAddressMail(to, code) : knownAddressMail(to, at.tenant.issuer)
    },
  })
}

export async function changeAddress(
  at: AtMail,
  own: Own,
  challenge: string,
  code: string,
): Promise<{ readonly isChanged: true } | StepUpFirst | NotTaken> {
  const wait = mustWait(at)
  if (wait !== undefined) return wait
  const changed = await writeAddress(at, own, challenge, code)
  if ('refused' in changed) return changed
  // One that nobody had proven may be a stranger's.
  const { email, emailVerified } = changed.before
  if (email !== undefined && emailVerified) notify(at, own.account.id, addressChangedMail({ email, name: at.name }))
  return { isChanged: true }
}

type Written = { readonly before: Account } | StepUpFirst | NotTaken

async function writeAddress(at: AtMail, own: Own, challenge: string, code: string): Promise<Written> {
  const { browser, services, tenant } = at
  const { value, entries } = await services.store.write(
    async (transaction): Promise<Written> => {
      const tried = await tryCode(services, tenant, transaction, { purpose: 'new_address', challenge, code, browser })
      if (typeof tried === 'string') return { refused: tried }
      const { accountId, sessionId } = tried.content as Content
      const now = services.now()
      // Only in the session that asked, while it goes on: whatever has ended the account has ended the session.
      const present = await readOwnSession({ ...at, signedIn: own }, transaction)
      const isOurs = present?.account.id === accountId && present.session.id === sessionId
      if (present === undefined || !isOurs) return { refused: 'over' }
      const { account, presented, session } = present
      if (!isProvenLately(session, presented, now)) return { refused: 'step_up' }
      if ((await transaction.accounts.findByEmail(tenant.id, tried.email)) !== undefined) return { refused: 'over' }
      const version = account.version + 1
      const changed = { ...account, email: tried.email, emailVerified: true, version, updatedAt: Math.floor(now) }
      await transaction.accounts.update(changed)
      const { actor, requestId } = signInOf(at, accountId)
      const audit = { actor, action: 'account.update', objectType: 'account', objectId: accountId, requestId }
      transaction.append({ tenant: tenant.id, audit: { ...audit, before: shown(account), after: shown(changed) } })
      return { before: account }
    },
    { tenant: tenant.id },
  )
  await services.books.settle(entries)
  return value
}

function shown({ email, emailVerified }: Pick<Account, 'email' | 'emailVerified'>) {
  return { email: email ?? null, emailVerified }
}

/** Whether it is the account's already, whatever its letters' case. */
export function isOwnAddress({ account }: Own, email: string): boolean {
  return account.emailVerified && emailKey(account.email ?? '') === emailKey(email)
}
