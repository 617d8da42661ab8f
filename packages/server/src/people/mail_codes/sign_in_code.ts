/** Signing in with a code that is mailed to the person. */
import type { Secret } from '@countersign/core'
import { atOneMoment } from '../../oauth/issuing_moment.ts'
import type { Goal } from '../pages/after_sign_in.ts'
import { startSession } from '../sessions.ts'
import { readSettings } from '../settings.ts'
import { signInOf } from '../sign_in.ts'
import { type AtMail, askForCode, hasAddress, mustWait, type NotTaken, nobody, type Refused } from './ask_for_code.ts'
import { tryCode } from './mail_code.ts'
import { signInMail } from './mail_texts.ts'

interface Content {
  readonly accountId: string
  readonly goal: Goal
}

export function askForSignInCode(
  at: AtMail,
  email: string,
  goal: Goal,
): Promise<{ readonly challenge: string } | Refused> {
  return askForCode(at, {
    purpose: 'sign_in',
    email,
    content: (account): Content => ({ accountId: account?.id ?? nobody(at), goal }),
    mail: (account, code) =>
      account?.status === 'active' ? signInMail({ email: account.email ?? email, name: at.name }, code) : undefined,
  })
}

/** `pending`: the code was right, and the account has a second factor. */
export type CodeOutcome =
  | { readonly text: Secret; readonly goal: Goal }
  | { readonly pending: string; readonly goal: Goal }
  | NotTaken

export async function signInByMailedCode(at: AtMail, challenge: string, code: string): Promise<CodeOutcome> {
  const { browser, services, tenant } = at
  const wait = mustWait(at)
  if (wait !== undefined) return wait
  return atOneMoment(services, tenant, async (moment): Promise<CodeOutcome> => {
    const { value, entries } = await services.store.write(
      async (transaction): Promise<CodeOutcome> => {
        const tried = await tryCode(services, tenant, transaction, { purpose: 'sign_in', challenge, code, browser })
        if (typeof tried === 'string') return { refused: tried }
        const { accountId, goal } = tried.content as Content
        const account = await transaction.accounts.find(tenant.id, accountId)
        const settings = await readSettings(transaction, tenant, services.openness)
        if (account === undefined || !hasAddress(account, tried.email)) return { refused: 'over' }
        if (!settings.signIn.mailCode) return { refused: 'over' }
        const signIn = { ...signInOf(at, accountId), account, position: tried.position, amr: ['otp'] }
        const session = await startSession(services, tenant, transaction, moment, signIn)
        if (session === undefined) return { refused: 'over' }
        return 'pending' in session ? { pending: session.pending, goal } : { text: session.text, goal }
      },
      { tenant: tenant.id },
    )
    await services.books.settle(entries)
    return value
  })
}
