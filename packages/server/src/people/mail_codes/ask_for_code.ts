/** One way to a mailed code, whatever it is for: limits, mail, moment and answer are the same for every address. */
import { accountIdPrefix, randomBase62 } from '@countersign/core'
import { type Account, emailKey } from '@countersign/store'
import type { Services } from '../../context.ts'
import { clientAddress, holderOf } from '../../http/client_address.ts'
import type { Mail, MailPlace } from '../../mail/mailer.ts'
import { atOneMoment } from '../../oauth/issuing_moment.ts'
import { orBusy } from '../password.ts'
import type { AtBrowser } from '../sign_in.ts'
import { type AskedCode, type CodePurpose, findAsked, keepCode } from './mail_code.ts'

/** A browser at which somebody asks for a code, or enters it. */
export interface AtMail extends AtBrowser {
  readonly services: AtBrowser['services'] &
    Pick<Services, 'mailer' | 'master' | 'openness' | 'passwords' | 'signInTries'>
  /** The text in the browser's cookie. */
  readonly browser: string
  /** The name of the tenant. */
  readonly name: string
}

/** Why nothing was done: too many tries from there, too many mails to that address, or mail that does not work. */
export type Refused =
  | { readonly refused: 'wait'; readonly seconds: number }
  | { readonly refused: 'limited' | 'unavailable' | 'busy' }

/** How a try of a code ends, besides what it was for. */
export type NotTaken = Refused | { readonly refused: 'wrong' } | { readonly refused: 'over' }

export interface Wanted {
  readonly purpose: CodePurpose
  readonly email: string
  /** Work of before the transaction, the same for every address. */
  readonly prepare?: () => Promise<void>
  readonly content: (account: Account | undefined) => object
  /** The mail for the address; `undefined` for none. It is made after the answer. */
  readonly mail: (account: Account | undefined, code: string) => Mail | undefined
}

export async function askForCode(at: AtMail, wanted: Wanted): Promise<{ readonly challenge: string } | Refused> {
  const wait = mustWait(at)
  if (wait !== undefined) return wait
  const place = await takePlace(at)
  if (place === undefined) return { refused: 'unavailable' }
  try {
    return await orBusy(askAt(at, wanted, place))
  } finally {
    place.release()
  }
}

/** For whoever asks, whatever the address: a flood from one place or tenant leaves room for others. */
export function takePlace({ request, services, tenant }: AtMail): Promise<MailPlace | undefined> {
  return services.mailer.take({ ...holderOf(request, services.trustedProxies), tenant: tenant.id })
}

/**
 * Tells somebody of a change of the account. It counts for the account and not for the address that asks: whoever floods from
 * there takes no notice away.
 */
export function notify({ services, tenant }: AtMail, accountId: string, mail: Mail): void {
  services.mailer.post(mail, { tenant: tenant.id, credential: accountId })
}

async function askAt(at: AtMail, wanted: Wanted, place: MailPlace): Promise<{ readonly challenge: string } | Refused> {
  const { services, tenant } = at
  await wanted.prepare?.()
  const kept = await atOneMoment(services, tenant, async (moment) => {
    const { value } = await services.store.write(
      (transaction) => keepCode(services, tenant, transaction, moment, { ...wanted, browser: at.browser }),
      { tenant: tenant.id },
    )
    return value
  })
  if (kept === undefined) return { refused: 'limited' }
  const { account, challenge, code } = kept
  place.post(() => wanted.mail(account, code))
  return { challenge }
}

/** Counts a try of this address, whatever it is for. */
export function mustWait({ request, services, tenant }: AtMail): Refused | undefined {
  const address = clientAddress(request, services.trustedProxies)
  const seconds = services.signInTries.begin(tenant.id, '', address, services.now())
  return seconds > 0 ? { refused: 'wait', seconds } : undefined
}

/** The code that this browser waits for. */
export function findWaiting(
  { browser, services, tenant }: AtMail,
  purpose: CodePurpose,
  challenge: string,
): Promise<AskedCode | undefined> {
  return findAsked(services.store.read, tenant.id, { purpose, challenge, browser }, services.now())
}

/** An id that no account has, as long as one: what is kept for nobody is as large as for somebody. */
export function nobody({ services }: Pick<AtMail, 'services'>): string {
  return `${accountIdPrefix}${randomBase62(20, services.randomBytes)}`
}

/** The address may have gone to somebody else since the code was mailed to it. */
export function hasAddress(account: Account, email: string): boolean {
  return account.emailVerified && emailKey(account.email ?? '') === emailKey(email)
}
