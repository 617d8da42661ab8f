/** A new password for somebody who has forgotten theirs. It replaces the password alone, never a second factor. */

import { subjectCutOff } from '../../caller/subject_cut_off.ts'
import { clientAddress } from '../../http/client_address.ts'
import { atOneMoment, requireReached } from '../../oauth/issuing_moment.ts'
import { endAllOf } from '../end_account.ts'
import { orBusy, type PasswordHash, passwordFlaw } from '../password.ts'
import { readSettings } from '../settings.ts'
import { signInOf } from '../sign_in.ts'
import {
  type AtMail,
  askForCode,
  findWaiting,
  hasAddress,
  mustWait,
  type NotTaken,
  nobody,
  notify,
  type Refused,
} from './ask_for_code.ts'
import { tryCode } from './mail_code.ts'
import { recoveredMail, recoverMail } from './mail_texts.ts'

interface Content {
  readonly accountId: string
}

export function askForRecovery(at: AtMail, email: string): Promise<{ readonly challenge: string } | Refused> {
  return askForCode(at, {
    purpose: 'recover',
    email,
    content: (account): Content => ({ accountId: account?.id ?? nobody(at) }),
    mail: (account, code) =>
      account?.status === 'active' ? recoverMail({ email: account.email ?? email, name: at.name }, code) : undefined,
  })
}

/** `flaw`: the password will not do, and the code was not tried. */
export type Recovered = { readonly isRecovered: true } | { readonly refused: 'flaw'; readonly why: string } | NotTaken

/** Everything that the account has ends with its password: whoever came in by the old one is out. */
export async function recover(
  at: AtMail,
  { challenge, code, password }: { readonly challenge: string; readonly code: string; readonly password: string },
): Promise<Recovered> {
  const { tenant } = at
  const why = passwordFlaw(password)
  if (why !== undefined) return { refused: 'flaw', why }
  const wait = mustWait(at)
  if (wait !== undefined) return wait
  // Nothing is hashed for a code that is not there.
  if ((await findWaiting(at, 'recover', challenge)) === undefined) return { refused: 'over' }
  const hash = await orBusy(at.services.passwords.hash(password))
  if ('refused' in hash) return hash
  const replaced = await replacePassword(at, { challenge, code, hash })
  if ('refused' in replaced) return replaced
  // The address has just been proven: nobody need wait for the tries with the forgotten password.
  at.services.signInTries.succeeded(tenant.id, replaced.email, clientAddress(at.request, at.services.trustedProxies))
  notify(at, replaced.accountId, recoveredMail({ email: replaced.email, name: at.name }, tenant.issuer))
  return { isRecovered: true }
}

interface Replaced {
  readonly accountId: string
  readonly email: string
}

async function replacePassword(
  at: AtMail,
  { challenge, code, hash }: { readonly challenge: string; readonly code: string; readonly hash: PasswordHash },
): Promise<Replaced | NotTaken> {
  const { browser, services, tenant } = at
  return atOneMoment(services, tenant, async (moment): Promise<Replaced | NotTaken> => {
    const { value, entries } = await services.store.write(
      async (transaction): Promise<Replaced | NotTaken> => {
        const tried = await tryCode(services, tenant, transaction, { purpose: 'recover', challenge, code, browser })
        if (typeof tried === 'string') return { refused: tried }
        const { accountId } = tried.content as Content
        const account = await transaction.accounts.find(tenant.id, accountId)
        const cutOff = await subjectCutOff(transaction, tenant.id, accountId)
        const settings = await readSettings(transaction, tenant, services.openness)
        if (account?.status !== 'active' || !hasAddress(account, tried.email)) return { refused: 'over' }
        if (!settings.signIn.password) return { refused: 'over' }
        requireReached(moment, cutOff)
        if (tried.position < cutOff) return { refused: 'over' }
        const now = services.now()
        const identity = { tenant: tenant.id, accountId, kind: 'password' } as const
        await transaction.identities.put({ ...identity, content: { ...hash } }, now)
        const { objects, sessions } = await endAllOf(transaction, account, now)
        const { actor, requestId } = signInOf(at, accountId)
        transaction.append({
          tenant: tenant.id,
          audit: {
            actor,
            action: 'account.recover',
            objectType: 'account',
            objectId: accountId,
            after: { sessions },
            requestId,
          },
          objects,
        })
        return { accountId, email: account.email ?? tried.email }
      },
      { tenant: tenant.id, endsCredentials: true },
    )
    await services.books.settle(entries)
    return value
  })
}
