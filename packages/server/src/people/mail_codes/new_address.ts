/** Another address for an account, proven by a code that is mailed to it. The old one is told. */
import type { Account, AccountSession } from '@countersign/store'
import { changeOwn, type StepUpFirst } from '../factors/own_ways.ts'
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

/** In the session that asked alone. A code is not tried, and so not used up, before the person has proven to be it. */
function writeAddress(
  at: AtMail,
  own: Own,
  challenge: string,
  code: string,
): Promise<{ readonly before: Account } | StepUpFirst | NotTaken> {
  const { browser, services, tenant } = at
  return changeOwn(
    { ...at, signedIn: own },
    async ({ account, now, session, transaction }): Promise<{ readonly before: Account } | NotTaken> => {
      const tried = await tryCode(services, tenant, transaction, { purpose: 'new_address', challenge, code, browser })
      if (typeof tried === 'string') return { refused: tried }
      const { accountId, sessionId } = tried.content as Content
      if (account.id !== accountId || session.id !== sessionId) return { refused: 'over' }
      if ((await transaction.accounts.findByEmail(tenant.id, tried.email)) !== undefined) return { refused: 'over' }
      const version = account.version + 1
      const changed = { ...account, email: tried.email, emailVerified: true, version, updatedAt: Math.floor(now) }
      await transaction.accounts.update(changed)
      const { actor, requestId } = signInOf(at, accountId)
      const audit = { actor, action: 'account.update', objectType: 'account', objectId: accountId, requestId }
      transaction.append({ tenant: tenant.id, audit: { ...audit, before: shown(account), after: shown(changed) } })
      return { before: account }
    },
  )
}

function shown({ email, emailVerified }: Pick<Account, 'email' | 'emailVerified'>) {
  return { email: email ?? null, emailVerified }
}
