/** The mails: plain text, short, each with what was asked for and what to do if it was not the person who asked. */

import { formatTime, type Seconds } from '@countersign/core'
import { serverLimits } from '../../limits.ts'
import type { Mail } from '../../mail/mailer.ts'

const minutes = serverLimits.mailCodeSeconds / 60
const ignore =
  'If you did not ask for it, do nothing. Nobody can do anything without the code, so never tell it to anybody.'

interface To {
  readonly email: string
  /** The name of the tenant. */
  readonly name: string
}

export function signInMail(to: To, code: string): Mail {
  return mail(to, 'your code to sign in', [
    `Your code to sign in to ${line(to.name)}:`,
    grouped(code),
    `It is good once, for ${minutes} minutes, at the browser that asked for it.`,
    ignore,
  ])
}

export function signUpMail(to: To, code: string): Mail {
  return mail(to, 'confirm your address', [
    `The code that makes your account at ${line(to.name)}:`,
    grouped(code),
    `It is good once, for ${minutes} minutes, at the browser that asked for it.`,
    ignore,
  ])
}

/** In place of a code: the page says the same to whoever asked. */
export function knownAddressMail(to: To, issuer: string): Mail {
  return mail(to, 'you have an account already', [
    `Somebody wanted to make an account at ${line(to.name)} with this address, or to use it for another one. There is an account with it already.`,
    `Sign in: ${issuer}/login`,
    `Forgotten your password? ${issuer}/recover`,
    'If it was not you, do nothing. Nothing was changed.',
  ])
}

export function recoverMail(to: To, code: string): Mail {
  return mail(to, 'your code for a new password', [
    `The code that gives your account at ${line(to.name)} a new password:`,
    grouped(code),
    `It is good once, for ${minutes} minutes, at the browser that asked for it.`,
    ignore,
  ])
}

export function recoveredMail(to: To, issuer: string): Mail {
  return mail(to, 'your password was replaced', [
    `The password of your account at ${line(to.name)} was replaced, with a code that was mailed to this address. You were signed out everywhere, and applications that you had allowed were ended.`,
    `If it was not you, somebody reads your mail. Secure your mailbox first, then take your account back: ${issuer}/recover`,
  ])
}

export function newAddressMail(to: To, code: string): Mail {
  return mail(to, 'confirm your new address', [
    `The code that makes this the address of your account at ${line(to.name)}:`,
    grouped(code),
    `It is good once, for ${minutes} minutes, at the browser that asked for it.`,
    ignore,
  ])
}

/** To the address of before. The new one is not named: whoever reads this mailbox now has no business with it. */
export function addressChangedMail(to: To): Mail {
  return mail(to, 'your address was changed', [
    `Your account at ${line(to.name)} has another address now. Mail to this one does not sign in to it any more.`,
    `If it was not you, tell those who run ${line(to.name)} at once.`,
  ])
}

/** `expiresAt`: the mail may go out long after the invitation was made. */
export function invitationMail(to: To, team: string, url: string, expiresAt: Seconds): Mail {
  const end = formatTime(expiresAt).slice(0, 16).replace('T', ' ')
  return mail(to, 'you are invited', [
    `You are invited to the team "${line(team)}" at ${line(to.name)}:`,
    url,
    `The link is good once, until ${end} UTC.`,
    'If you do not expect it, do nothing.',
  ])
}

function mail({ email, name }: To, about: string, paragraphs: readonly string[]): Mail {
  return { to: email, subject: `${line(name)}: ${about}`, text: `${paragraphs.join('\n\n')}\n` }
}

/** Four and four read better; spaces in a code are ignored where it is typed. */
function grouped(code: string): string {
  return `    ${code.slice(0, 4)} ${code.slice(4)}`
}

/** A name that somebody has chosen, in one line and of bounded length: it begins no field and no paragraph. */
function line(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
    .slice(0, 100)
}
