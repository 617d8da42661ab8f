/** The page on which a mailed code is entered, whatever the code is for. */
import { serverLimits } from '../../../limits.ts'
import type { Refused } from '../../mail_codes/ask_for_code.ts'
import type { PageContext } from '../endpoint.ts'
import { type Html, html } from '../html.ts'
import type { Page } from '../page.ts'
import { busyText, invalid, waitText, wrongAnswer, wrongText } from '../wrong.ts'

export interface CodeWords {
  readonly title: string
  /** Said beside the address: an address that is not known must read the same. */
  readonly lead?: string
  readonly button: string
  /** Fields after the code. */
  readonly fields?: Html
}

interface CodePage extends CodeWords {
  /** The path of the page and of its form. */
  readonly path: string
  readonly challenge: string
  /** Where the code was mailed, as it was typed. */
  readonly email: string
  readonly wrong?: string | undefined
  readonly status?: number | undefined
}

/** The name of the form: its token is good for this code at this browser alone. */
export function codeFormOf(path: string, challenge: string): string {
  return `${path} ${challenge}`
}

export function codePage({ tenant, token }: PageContext, page: CodePage): Page {
  const { title, path, challenge, email, lead, button, fields, wrong, status } = page
  const body = html`<div class="deed"><header><h1>${title}</h1>
<p>${lead ?? 'A code is on its way to'} <b>${email}</b>. It is good for ${serverLimits.mailCodeSeconds / 60} minutes, at this browser.</p></header>
<form method="post" action="${tenant.issuer}${path}">
${wrongText(wrong)}
${token(codeFormOf(path, challenge))}
<input type="hidden" name="challenge" value="${challenge}">
<label>Code<input class="code" name="code" inputmode="numeric" autocomplete="one-time-code" required maxlength="20" spellcheck="false"${invalid(wrong)}></label>
${fields}
<button class="primary" type="submit">${button}</button>
</form>
<section><p class="quiet">Nothing came? Look among unwanted mail, or <a href="${tenant.issuer}${path}">ask for another code</a>.</p></section></div>`
  return { ...wrongAnswer(wrong, status), title, body }
}

/** The digits of a code, however they were typed. */
export function digitsOf(text: string | undefined): string {
  return (text ?? '').replaceAll(/[\s-]/g, '')
}

/** A code that was used, has ended, was tried too often, or belongs to another browser. */
export function codeOver({ tenant }: PageContext, path: string): Page {
  const title = 'This code is over'
  const body = html`<div class="deed"><header><h1>${title}</h1>
<p>A code is good once, for ${serverLimits.mailCodeSeconds / 60} minutes, at the browser that asked for it, and for ${serverLimits.mailCodeTriesMax} tries. Nothing was changed.</p></header>
<section><a href="${tenant.issuer}${path}">Ask for another code</a></section></div>`
  return { status: 410, title, error: 'expired', body }
}

/** In words for the person, with the status of the page. */
export function refusalText(refused: Refused): { readonly status: number; readonly wrong: string } {
  switch (refused.refused) {
    case 'wait':
      return { status: 429, wrong: waitText(refused.seconds) }
    case 'limited':
      return { status: 429, wrong: 'This address was sent as many mails as may be in an hour. Try again later.' }
    case 'unavailable':
      return { status: 503, wrong: 'Mail cannot be sent at this moment. Nothing was changed: try again in a minute.' }
    case 'busy':
      return { status: 503, wrong: busyText }
  }
}

/** Somebody followed an old link, or typed the path: it is said, and not an error of theirs. */
export function isOff({ tenant }: PageContext, title: string, why: string): Page {
  const body = html`<div class="deed"><header><h1>${title}</h1><p>${why}</p></header>
<section><a href="${tenant.issuer}/login">Sign in</a></section></div>`
  return { status: 403, title, error: 'off', body }
}
