/**
 * Codes by mail: eight digits that are good once, for ten minutes, at the browser that asked, for five tries. A known and an
 * unknown address are kept alike, so that neither text nor work tells them apart; only one of them gets a mail.
 */
import { randomBase62, type Seconds, timingSafeEqual } from '@countersign/core'
import { type Account, emailKey, type ReadRepositories, type WriteTransaction } from '@countersign/store'
import { browserDigest } from '../../caller/session_cookie.ts'
import type { Services, TenantContext } from '../../context.ts'
import { createMac } from '../../keys/mac.ts'
import { serverLimits } from '../../limits.ts'
import type { IssuingMoment } from '../../oauth/issuing_moment.ts'

const kind = 'mail_code'
const triesKind = 'mail_code_try'
const sentKind = 'mail_sent'

/** A code that was mailed for one of these does nothing for another. */
export type CodePurpose = 'sign_in' | 'sign_up' | 'recover' | 'new_address'

export interface AskedCode {
  readonly purpose: CodePurpose
  /** As it was typed. */
  readonly email: string
  /** The digest of what tells the browser from others. */
  readonly browser: string
  /** The feed sequence at which it was asked for: what ends an account by a higher one ends the code too. */
  readonly position: number
  /** The MAC of the code: whoever reads the database tries no codes on it. */
  readonly mac: string
  /** All else that its purpose needs. */
  readonly content: object
}

export interface Asking {
  readonly purpose: CodePurpose
  readonly email: string
  /** The text in the browser's cookie. */
  readonly browser: string
  /** The account whose verified address it is, where there is one. */
  readonly content: (account: Account | undefined) => object
}

type CodeServices = Pick<Services, 'master' | 'now' | 'randomBytes'>

/** `undefined`: the address has had its mails of this hour, whether it is known or not. */
export async function keepCode(
  services: CodeServices,
  tenant: Pick<TenantContext, 'id'>,
  transaction: WriteTransaction,
  moment: IssuingMoment,
  { purpose, email, browser, content }: Asking,
): Promise<{ readonly challenge: string; readonly code: string; readonly account: Account | undefined } | undefined> {
  // It takes the tenant's lock: two that ask at once are counted one after the other.
  const account = await transaction.accounts.findByEmail(tenant.id, email)
  if (!(await takeMail(transaction, tenant.id, email, services.now()))) return undefined
  const challenge = randomBase62(32, services.randomBytes)
  const code = randomDigits(services.randomBytes)
  const asked: AskedCode = {
    purpose,
    email,
    browser: browserDigest(browser),
    position: moment.position,
    mac: macOf(services, challenge).of(code),
    content: content(account),
  }
  await transaction.singleUse.keep(kind, tenant.id, challenge, asked, moment.takenAt + serverLimits.mailCodeSeconds)
  return { challenge, code, account }
}

/** The code that this browser waits for, without a try. `undefined` where it is over, or another browser's. */
export async function findAsked(
  { singleUse }: Pick<ReadRepositories, 'singleUse'>,
  tenant: string,
  { purpose, challenge, browser }: Pick<Trying, 'purpose' | 'challenge' | 'browser'>,
  now: Seconds,
): Promise<AskedCode | undefined> {
  const asked = (await singleUse.find(kind, tenant, challenge, now)) as AskedCode | undefined
  const isOurs = asked?.purpose === purpose && timingSafeEqual(asked.browser, browserDigest(browser))
  return isOurs ? asked : undefined
}

export interface Trying {
  readonly purpose: CodePurpose
  readonly challenge: string
  readonly code: string
  readonly browser: string
}

/** Gives the code to one of many right tries at once. A try is counted before it is judged. */
export async function tryCode(
  services: CodeServices,
  tenant: Pick<TenantContext, 'id'>,
  transaction: WriteTransaction,
  trying: Trying,
): Promise<AskedCode | 'wrong' | 'over'> {
  const now = services.now()
  const { challenge } = trying
  const asked = await findAsked(transaction, tenant.id, trying, now)
  if (asked === undefined) return 'over'
  const left = await takeTry(transaction, tenant.id, challenge, now)
  if (left === undefined) return 'over'
  const isRight = macOf(services, challenge).holds(trying.code, asked.mac)
  if (!isRight && left > 0) return 'wrong'
  // The last wrong try ends it as the right one does: nothing is worked out for a code that nobody can enter.
  const redeemed = await transaction.singleUse.redeem(kind, tenant.id, challenge, now)
  return isRight && redeemed?.isFirst === true ? asked : 'over'
}

/** The tries that are left after this one; `undefined` where there was none. Each is a mark that one request can make. */
async function takeTry(
  { singleUse }: WriteTransaction,
  tenant: string,
  challenge: string,
  now: Seconds,
): Promise<number | undefined> {
  const { mailCodeTriesMax: most, mailCodeSeconds } = serverLimits
  for (let index = 1; index <= most; index++)
    if (await singleUse.take(triesKind, tenant, `${challenge} ${index}`, now + mailCodeSeconds)) return most - index
  return undefined
}

/** False where the address has had as many within an hour. The caller holds the tenant's lock. */
export async function takeMail(
  { singleUse }: WriteTransaction,
  tenant: string,
  email: string,
  now: Seconds,
): Promise<boolean> {
  const { mailsPerAddress, mailsWindowSeconds } = serverLimits
  const window = Math.floor(now / mailsWindowSeconds)
  const nameOf = (of: number, index: number): string => `${emailKey(email)} ${of} ${index}`
  const sent = { before: 0, now: 0 }
  for (let index = 0; index < mailsPerAddress; index++) {
    if ((await singleUse.find(sentKind, tenant, nameOf(window - 1, index), now)) !== undefined) sent.before++
    if ((await singleUse.find(sentKind, tenant, nameOf(window, index), now)) !== undefined) sent.now++
  }
  if (sent.before + sent.now >= mailsPerAddress) return false
  // Floored ends are within a second of the hour, so a mail counts for an hour at least.
  await singleUse.keep(sentKind, tenant, nameOf(window, sent.now), {}, Math.ceil(now) + mailsWindowSeconds)
  return true
}

function macOf({ master }: Pick<Services, 'master'>, challenge: string) {
  const mac = createMac(master.derive('mail_codes'))
  const textOf = (code: string): string => JSON.stringify([challenge, code])
  return {
    of: (code: string) => mac.of(textOf(code)),
    holds: (code: string, its: string) => mac.holds(textOf(code), its),
  }
}

/** Every code is as probable as every other: numbers beyond the last whole range are drawn again. */
function randomDigits(randomBytes: (count: number) => Uint8Array): string {
  const range = 10 ** serverLimits.mailCodeDigits
  for (;;) {
    const drawn = Buffer.from(randomBytes(4)).readUInt32BE()
    if (drawn < 2 ** 32 - (2 ** 32 % range)) return String(drawn % range).padStart(serverLimits.mailCodeDigits, '0')
  }
}
