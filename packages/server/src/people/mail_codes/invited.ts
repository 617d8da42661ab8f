/**
 * Coming in by an invitation. Its code is sent once, by a button; from then on the browser that opened it carries a name that
 * is good there alone, so that signing in and signing up on the way put no code into a URL.
 */
import { randomBase62, type Secret, timingSafeEqual } from '@countersign/core'
import { type Account, ConflictError, type ReadRepositories, type WriteTransaction } from '@countersign/store'
import { browserDigest } from '../../caller/session_cookie.ts'
import { ProblemError } from '../../http/problem.ts'
import { serverLimits } from '../../limits.ts'
import type { MailPlace } from '../../mail/mailer.ts'
import { atOneMoment } from '../../oauth/issuing_moment.ts'
import { type AtOwn, readOwnSession } from '../factors/own_session.ts'
import { accept, findInvited, type Invited, isInvited, mailedCode, readInvited } from '../invitations.ts'
import { makePerson } from '../new_person.ts'
import { orBusy } from '../password.ts'
import { startSession } from '../sessions.ts'
import { type PeopleSettings, readSettings } from '../settings.ts'
import { signInOf } from '../sign_in.ts'
import type { Doing } from '../team_members.ts'
import { type AtMail, mustWait, type Refused, takePlace } from './ask_for_code.ts'
import { takeMail } from './mail_code.ts'
import { invitationMail } from './mail_texts.ts'

const kind = 'invitation_open'

interface Opened {
  readonly invitationId: string
  readonly isMailed: boolean
  readonly browser: string
}

export type Over = { readonly refused: 'over' }

/** Uses nothing up: it is accepted in a later step. */
export async function openInvitation(
  at: AtMail,
  code: string,
): Promise<{ readonly challenge: string } | Refused | Over> {
  const { browser, services, tenant } = at
  const wait = mustWait(at)
  if (wait !== undefined) return wait
  const { value } = await services.store.write(
    async (transaction) => {
      const now = services.now()
      const invited = await findInvited(transaction, tenant.id, code, now)
      if (invited === undefined) return undefined
      const challenge = randomBase62(32, services.randomBytes)
      const { invitation, isMailed } = invited
      const opened: Opened = { invitationId: invitation.id, isMailed, browser: browserDigest(browser) }
      const endsAt = now + serverLimits.invitationOpenSeconds
      await transaction.singleUse.keep(kind, tenant.id, challenge, opened, endsAt)
      return { challenge }
    },
    { tenant: tenant.id },
  )
  return value ?? { refused: 'over' }
}

export interface SeenInvitation {
  readonly invited: Invited
  /** Somebody has proven the address here. */
  readonly hasAccount: boolean
}

/** The invitation that this browser has opened. */
export async function seeInvitation(at: AtMail, challenge: string): Promise<SeenInvitation | undefined> {
  const { read } = at.services.store
  const invited = await readOpened(at, read, challenge)
  if (invited === undefined) return undefined
  const account = await read.accounts.findByEmail(at.tenant.id, invited.invitation.email)
  return { invited, hasAccount: account !== undefined }
}

async function readOpened(
  { browser, services, tenant }: AtMail,
  reads: Pick<ReadRepositories, 'invitations' | 'singleUse' | 'statusEntries' | 'teams'>,
  challenge: string,
): Promise<Invited | undefined> {
  const now = services.now()
  const opened = (await reads.singleUse.find(kind, tenant.id, challenge, now)) as Opened | undefined
  if (opened === undefined || !timingSafeEqual(opened.browser, browserDigest(browser))) return undefined
  const invitation = await reads.invitations.find(tenant.id, opened.invitationId)
  return invitation && readInvited(reads, invitation, opened.isMailed, now)
}

/** `why`: in words for the person. */
export type NotJoined = Over | { readonly refused: 'why'; readonly why: string }

/** As the account that is signed in at this browser. */
export async function joinAs(at: AtMail & AtOwn, challenge: string): Promise<{ readonly isIn: true } | NotJoined> {
  const { services, tenant } = at
  return inWords(async (): Promise<{ readonly isIn: true } | Over> => {
    const { value, entries } = await services.store.write(
      async (transaction) => {
        const invited = await readOpened(at, transaction, challenge)
        const own = await readOwnSession(at, transaction)
        if (own === undefined) throw new ProblemError(403, 'forbidden', 'You were signed out. Open the link again.')
        if (invited === undefined) return undefined
        if (!isInvited(invited, own.account))
          throw new ProblemError(403, 'forbidden', 'It is for another address than yours.')
        await enter(at, transaction, invited, own.account)
        return true
      },
      { tenant: tenant.id },
    )
    await services.books.settle(entries)
    return value === undefined ? { refused: 'over' } : { isIn: true }
  })
}

export interface NewMember {
  readonly name: string
  /** Has no flaw. Absent where nobody signs in with a password. */
  readonly password: string | undefined
}

/** As somebody who has no account yet. The code must have come by mail: nothing else shows that the address is theirs. */
export async function joinAsNew(
  at: AtMail,
  challenge: string,
  { name, password }: NewMember,
): Promise<{ readonly text: Secret } | NotJoined | Refused> {
  const { services, tenant } = at
  const wait = mustWait(at)
  if (wait !== undefined) return wait
  if ((await seeInvitation(at, challenge)) === undefined) return { refused: 'over' }
  const hash = password === undefined ? undefined : await orBusy(services.passwords.hash(password))
  if (hash !== undefined && 'refused' in hash) return hash
  return inWords(() =>
    atOneMoment(services, tenant, async (moment): Promise<{ readonly text: Secret } | Over> => {
      const { value, entries } = await services.store.write(
        async (transaction) => {
          const invited = await readOpened(at, transaction, challenge)
          const settings = await readSettings(transaction, tenant, services.openness)
          if (invited === undefined || !invited.isMailed || !maySignUp(settings)) return undefined
          const person = { email: invited.invitation.email, name, password: hash }
          const account = await makePerson(at, transaction, moment, person)
          if (account === undefined) return undefined
          await enter(at, transaction, invited, account)
          const signIn = { ...signInOf(at, account.id), account, position: moment.position, amr: ['otp'] }
          return startSession(services, tenant, transaction, moment, signIn)
        },
        { tenant: tenant.id },
      )
      await services.books.settle(entries)
      // An account that was just made has no second factor.
      return value === undefined || 'pending' in value ? { refused: 'over' } : { text: value.text }
    }),
  )
}

async function enter(at: AtMail, transaction: WriteTransaction, invited: Invited, account: Account): Promise<void> {
  const { actor, requestId } = signInOf(at, account.id)
  const doing: Doing = { transaction, now: at.services.now(), actor, requestId }
  await accept(doing, invited, account)
}

async function inWords<T>(work: () => Promise<T>): Promise<T | NotJoined> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ProblemError) return { refused: 'why', why: error.message }
    if (error instanceof ConflictError) return { refused: 'over' }
    throw error
  }
}

/** Mails the invitation to its address, with a code that proves it. */
export async function mailInvitation(
  at: AtMail,
  challenge: string,
): Promise<{ readonly isSent: true } | Refused | Over> {
  const wait = mustWait(at)
  if (wait !== undefined) return wait
  const place = await takePlace(at)
  if (place === undefined) return { refused: 'unavailable' }
  try {
    return await mailAt(at, challenge, place)
  } finally {
    place.release()
  }
}

async function mailAt(
  at: AtMail,
  challenge: string,
  place: MailPlace,
): Promise<{ readonly isSent: true } | Refused | Over> {
  const { services, tenant } = at
  const { value } = await services.store.write(
    async (transaction) => {
      const invited = await readOpened(at, transaction, challenge)
      if (invited === undefined) return 'over' as const
      const { invitation, team } = invited
      if (!(await takeMail(transaction, tenant.id, invitation.email, services.now()))) return 'limited' as const
      const code = await mailedCode(transaction, invitation, services.randomBytes)
      return { invitation, team, url: `${tenant.issuer}/invite#${code}` }
    },
    { tenant: tenant.id },
  )
  if (typeof value === 'string') return { refused: value }
  const { invitation, team, url } = value
  const to = { email: invitation.email, name: at.name }
  place.post(() => invitationMail(to, team.name, url, invitation.expiresAt))
  return { isSent: true }
}

/** Whether somebody without an account may make one here. */
export function maySignUp({ signUp }: Pick<PeopleSettings, 'signUp'>): boolean {
  return signUp !== 'off'
}
