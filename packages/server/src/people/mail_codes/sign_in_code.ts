/** Signing in with a code that is mailed to the person. */
import { accountIdPrefix, randomBase62, type Secret } from '@countersign/core'
import { emailKey } from '@countersign/store'
import { atOneMoment } from '../../oauth/issuing_moment.ts'
import { startSession } from '../sessions.ts'
import { readSettings } from '../settings.ts'
import { signInOf } from '../sign_in.ts'
import { type AtMail, askForCode, mustWait, type Refused } from './ask_for_code.ts'
import { tryCode } from './mail_code.ts'
import { signInMail } from './mail_texts.ts'

/** Where a person goes once they are in. */
export interface Onward {
  readonly returnTo?: string | undefined
  /** The request of an application that waits. */
  readonly request?: string | undefined
}

interface Content {
  readonly accountId: string
  readonly onward: Onward
}

export function askForSignInCode(
  at: AtMail,
  email: string,
  onward: Onward,
): Promise<{ readonly challenge: string } | Refused> {
  return askForCode(at, {
    purpose: 'sign_in',
    email,
    content: (account): Content => ({ accountId: account?.id ?? nobody(at), onward }),
    mail: (account, code) =>
      account?.status === 'active' ? signInMail({ email: account.email ?? email, name: at.name }, code) : undefined,
  })
}

/** An id that no account has, as long as one: what is kept for nobody is as large as for somebody. */
export function nobody({ services }: Pick<AtMail, 'services'>): string {
  return `${accountIdPrefix}${randomBase62(20, services.randomBytes)}`
}

/** How a try of a code ends, besides what it was for. */
export type NotTaken = Refused | { readonly refused: 'wrong' } | { readonly refused: 'over' }

export type CodeOutcome = { readonly text: Secret; readonly onward: Onward } | NotTaken

export async function signInByCode(at: AtMail, challenge: string, code: string): Promise<CodeOutcome> {
  const { browser, services, tenant } = at
  const wait = mustWait(at)
  if (wait !== undefined) return wait
  return atOneMoment(services, tenant, async (moment): Promise<CodeOutcome> => {
    const { value, entries } = await services.store.write(
      async (transaction): Promise<CodeOutcome> => {
        const tried = await tryCode(services, tenant, transaction, { purpose: 'sign_in', challenge, code, browser })
        if (typeof tried === 'string') return { refused: tried }
        const { accountId, onward } = tried.content as Content
        const account = await transaction.accounts.find(tenant.id, accountId)
        const settings = await readSettings(transaction, tenant, services.openness)
        // The address may have gone to somebody else since.
        const isTheirs = account?.emailVerified === true && emailKey(account.email ?? '') === emailKey(tried.email)
        if (account === undefined || !isTheirs || !settings.signIn.mailCode) return { refused: 'over' }
        const signIn = { ...signInOf(at, accountId), account, position: tried.position, amr: ['otp'] }
        const session = await startSession(services, tenant, transaction, moment, signIn)
        return session === undefined ? { refused: 'over' } : { text: session.text, onward }
      },
      { tenant: tenant.id },
    )
    await services.books.settle(entries)
    return value
  })
}
