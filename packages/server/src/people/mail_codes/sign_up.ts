/** Becoming an account. Until the code was entered there is none: all of it waits with the code. */

import type { Secret } from '@countersign/core'
import { atOneMoment } from '../../oauth/issuing_moment.ts'
import { makePerson } from '../new_person.ts'
import type { Goal } from '../pages/after_sign_in.ts'
import type { PasswordHash } from '../password.ts'
import { startSession } from '../sessions.ts'
import { readSettings } from '../settings.ts'
import { signInOf } from '../sign_in.ts'
import { type AtMail, askForCode, mustWait, type NotTaken, type Refused } from './ask_for_code.ts'
import { tryCode } from './mail_code.ts'
import { knownAddressMail, signUpMail } from './mail_texts.ts'

interface Content {
  readonly name: string
  readonly password?: PasswordHash
  readonly goal: Goal
}

export interface SignUp {
  readonly email: string
  readonly name: string
  /** Has no flaw. Absent where nobody signs in with a password. */
  readonly password: string | undefined
  readonly goal: Goal
}

/** An address that has an account is told so by mail; whoever asked here reads the same as for any other. */
export async function askForAccount(
  at: AtMail,
  { email, name, password, goal }: SignUp,
): Promise<{ readonly challenge: string } | Refused> {
  let hash: PasswordHash | undefined
  return askForCode(at, {
    purpose: 'sign_up',
    email,
    prepare: async () => {
      hash = password === undefined ? undefined : await at.services.passwords.hash(password)
    },
    content: (): Content => ({ name, ...(hash === undefined ? {} : { password: hash }), goal }),
    mail: (account, code) => {
      const to = { email: account?.email ?? email, name: at.name }
      return account === undefined ? signUpMail(to, code) : knownAddressMail(to, at.tenant.issuer)
    },
  })
}

export type SignedUp = { readonly text: Secret; readonly goal: Goal } | NotTaken

export async function signUpByCode(at: AtMail, challenge: string, code: string): Promise<SignedUp> {
  const { browser, services, tenant } = at
  const wait = mustWait(at)
  if (wait !== undefined) return wait
  return atOneMoment(services, tenant, async (moment): Promise<SignedUp> => {
    const { value, entries } = await services.store.write(
      async (transaction): Promise<SignedUp> => {
        const tried = await tryCode(services, tenant, transaction, { purpose: 'sign_up', challenge, code, browser })
        if (typeof tried === 'string') return { refused: tried }
        const settings = await readSettings(transaction, tenant, services.openness)
        if (settings.signUp !== 'open') return { refused: 'over' }
        const { name, password, goal } = tried.content as Content
        const account = await makePerson(at, transaction, moment, { email: tried.email, name, password })
        if (account === undefined) return { refused: 'over' }
        const signIn = { ...signInOf(at, account.id), account, position: moment.position, amr: ['otp'] }
        const session = await startSession(services, tenant, transaction, moment, signIn)
        // An account that was just made has no second factor.
        return session === undefined || 'pending' in session ? { refused: 'over' } : { text: session.text, goal }
      },
      { tenant: tenant.id },
    )
    await services.books.settle(entries)
    return value
  })
}
