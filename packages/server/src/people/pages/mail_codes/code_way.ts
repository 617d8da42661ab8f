/**
 * A page with two states at one path: it asks for an address, and then for the code that was mailed there. A known and an
 * unknown address see the same.
 */
import type { Answer } from '../../../http/answer.ts'
import type { Form } from '../../../oauth/form.ts'
import { findWaiting, type NotTaken, type Refused } from '../../mail_codes/ask_for_code.ts'
import type { AskedCode, CodePurpose } from '../../mail_codes/mail_code.ts'
import { isEmail } from '../../person_fields.ts'
import { type Goal, goalFields, goalOf } from '../after_sign_in.ts'
import type { PageContext } from '../endpoint.ts'
import { type Html, html } from '../html.ts'
import { type Page, seeOther } from '../page.ts'
import { invalid, wrongAnswer, wrongText } from '../wrong.ts'
import { type CodeWords, codeFormOf, codeOver, codePage, digitsOf, refusalText } from './code_form.ts'
import { leaving } from './other_ways.ts'

/** The address of the first form, and where the person goes afterwards. */
export interface Typed {
  readonly email: string
  readonly goal: Goal
}

/** The words and fields of the first form. */
export interface AskWords {
  readonly title: string
  readonly lead: Html | string
  /** Default: E-mail address. */
  readonly label?: string
  /** Fields after the address. */
  readonly fields?: Html | undefined
  readonly button: string
  /** Stands below the form. */
  readonly below?: Html
}

/** The person sees their own words again, and the reason. */
export interface Flaw {
  readonly wrong: string
}

export interface CodeWay<C extends PageContext, T extends Typed> {
  readonly path: string
  readonly purpose: CodePurpose
  /** Whether it works here. */
  isThere(context: C): boolean
  off(context: C): Page
  read(context: C, form: Form): T
  askWords(context: C, typed: T): AskWords
  ask(context: C, typed: T): Promise<{ readonly challenge: string } | Refused | Flaw>
  codeWords(waiting: AskedCode): CodeWords
  take(context: C, of: Taking, form: Form): Promise<Page | Answer | NotTaken | Flaw>
}

/** A code that somebody has entered. */
export interface Taking {
  readonly challenge: string
  readonly code: string
}

export function codeWay<C extends PageContext, T extends Typed>(way: CodeWay<C, T>) {
  const { path, purpose } = way

  async function enter(context: C, challenge: string, wrong?: string, status?: number): Promise<Page> {
    const waiting = await findWaiting(context, purpose, challenge)
    if (waiting === undefined) return codeOver(context, path)
    const { email, content } = waiting
    const { goal = {} } = content as { readonly goal?: Goal }
    return {
      ...codePage(context, { ...way.codeWords(waiting), path, challenge, email, wrong, status }),
      ...leaving(goal),
    }
  }

  async function ask(context: C, typed: T): Promise<Page | Answer> {
    const asked = isEmail(typed.email) ? await way.ask(context, typed) : { wrong: 'Give your e-mail address.' }
    if ('challenge' in asked) return seeOther(`${context.tenant.issuer}${path}?challenge=${asked.challenge}`)
    return askPage(context, path, way.askWords(context, typed), typed, 'wrong' in asked ? asked : refusalText(asked))
  }

  async function take(context: C, challenge: string, form: Form): Promise<Page | Answer> {
    const done = await way.take(context, { challenge, code: digitsOf(form.get('code')) }, form)
    if ('wrong' in done) return enter(context, challenge, done.wrong)
    if (!('refused' in done)) return done
    if (done.refused === 'over') return codeOver(context, path)
    if (done.refused === 'wrong') return enter(context, challenge, 'The code is wrong.')
    const { status, wrong } = refusalText(done)
    return enter(context, challenge, wrong, status)
  }

  return {
    form: (form: Form): string => codeFormOf(path, form.get('challenge') ?? ''),
    async get(context: C): Promise<Page | Answer> {
      const query = new URLSearchParams(context.request.query)
      const challenge = query.get('challenge')
      if (challenge !== null) return enter(context, challenge)
      if (!way.isThere(context)) return way.off(context)
      const typed = { ...way.read(context, new Map()), goal: goalOf(context, query) }
      return askPage(context, path, way.askWords(context, typed), typed)
    },
    async post(context: C, form: Form): Promise<Page | Answer> {
      if (!way.isThere(context)) return way.off(context)
      const challenge = form.get('challenge')
      return challenge === undefined ? ask(context, way.read(context, form)) : take(context, challenge, form)
    },
  }
}

/** The first form without more than its address. */
export function typedOf(context: PageContext, form: Form): Typed {
  return { email: form.get('email')?.trim() ?? '', goal: goalOf(context, form) }
}

function askPage(
  { tenant, token }: PageContext,
  path: string,
  { title, lead, label = 'E-mail address', fields, button, below }: AskWords,
  { email, goal }: Typed,
  { wrong, status }: { readonly wrong?: string; readonly status?: number } = {},
): Page {
  const body = html`<div class="deed"><header><h1>${title}</h1><p>${lead}</p></header>
<form method="post" action="${tenant.issuer}${path}">
${wrongText(wrong)}${token(codeFormOf(path, ''))}${goalFields(goal)}
<label>${label}<input name="email" type="email" autocomplete="username" required value="${email}"${invalid(wrong)}></label>
${fields}
<button class="primary" type="submit">${button}</button>
</form>${below}</div>`
  return { ...wrongAnswer(wrong, status), title, ...leaving(goal), body }
}
