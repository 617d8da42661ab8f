/** The page between a right first factor and a session, of accounts that have a second factor. */
import type { Answer } from '../../http/answer.ts'
import type { Form } from '../../oauth/form.ts'
import type { Proof } from '../factors/second_factor.ts'
import { type SecondOutcome, signInByCode, signInByPasskey } from '../factors/sign_in.ts'
import { type Goal, goalFields, goalOf, goalUrl, goOn } from './after_sign_in.ts'
import type { PageContext } from './endpoint.ts'
import { html } from './html.ts'
import { leaving } from './mail_codes/other_ways.ts'
import type { Page } from './page.ts'
import { passkeyFormName, passkeyProof } from './passkey_form.ts'
import { invalid, waitText, wrongAnswer, wrongText } from './wrong.ts'

/** The name of a form that carries a pending sign-in, or a passkey. */
export function proofFormName(form: Form): string | undefined {
  const pending = form.get('pending')
  if (form.has('passkey')) return passkeyFormName(form.get('challenge') ?? '', pending)
  return pending === undefined ? undefined : pendingFormName(pending)
}

function pendingFormName(pending: string): string {
  return `second factor ${pending}`
}

/** The answer of the form; `undefined` where it carries neither code nor passkey. */
export async function postProof(context: PageContext, form: Form): Promise<Page | Answer | undefined> {
  const pending = form.get('pending')
  const answer = form.get('passkey')
  const goal = goalOf(context, form)
  if (answer !== undefined) {
    const challenge = form.get('challenge') ?? ''
    const tried = await signInByPasskey(context, { challenge, answer, pending })
    if ('refused' in tried && tried.refused === 'over' && pending === undefined) return undefined
    return shown(context, goal, pending, tried, 'The passkey was not accepted.')
  }
  if (pending === undefined) return undefined
  const proof = proofOf(form)
  if (proof === undefined) return secondFactorPage(context, { pending, goal, wrong: 'Give a code.' })
  return shown(context, goal, pending, await signInByCode(context, pending, proof), 'The code is wrong, or was used.')
}

export function proofOf(form: Form): Proof | undefined {
  const [totp, recoveryCode] = [form.get('totp'), form.get('recovery_code')]
  if (totp !== undefined) return { totp }
  return recoveryCode === undefined ? undefined : { recoveryCode }
}

function shown(
  context: PageContext,
  goal: Goal,
  pending: string | undefined,
  tried: SecondOutcome,
  wrong: string,
): Page | Answer | undefined {
  if ('text' in tried) return goOn(context, goal, tried.text.reveal())
  if (tried.refused === 'over') return over(context, goal)
  if (pending === undefined) return undefined
  if (!('seconds' in tried)) return secondFactorPage(context, { pending, goal, wrong })
  return secondFactorPage(context, { pending, goal, wrong: waitText(tried.seconds), status: 429 })
}

export interface ShownSecondFactor {
  readonly pending: string
  readonly goal: Goal
  readonly wrong?: string
  readonly status?: number
}

/** It asks for every way, whichever the account has: a form says nothing of it that the person does not know. */
export function secondFactorPage(context: PageContext, asked: ShownSecondFactor): Page {
  const { tenant, token } = context
  const { goal, pending, wrong } = asked
  const fields = [html`<input type="hidden" name="pending" value="${pending}">`, ...goalFields(goal)]
  const body = html`<div class="deed"><header><h1>One more step</h1><p>Show that it is you, a second time.</p></header>
<form method="post" action="${tenant.issuer}/login">
${wrongText(wrong)}${token(pendingFormName(pending))}${fields}
<label>Code of your authenticator app<input class="code" name="totp" inputmode="numeric" autocomplete="one-time-code" maxlength="10" autofocus${invalid(wrong)}></label>
<button class="primary" type="submit">Sign in</button>
</form>
${passkeyProof(context, '/login', { beside: pending, fields, text: 'Use a passkey' })}
<details><summary>Lost it? Use a recovery code</summary>
<form method="post" action="${tenant.issuer}/login">${token(pendingFormName(pending))}${fields}
<label>Recovery code<input class="code" name="recovery_code" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="40">
<small>One of the ten that you kept. Each is good once.</small></label>
<button type="submit">Sign in</button></form></details></div>`
  return { ...wrongAnswer(wrong, asked.status), title: 'One more step', script: 'passkey', ...leaving(goal), body }
}

/** The way on leads through `/login` where nobody is signed in: somebody who pressed twice may be. */
function over(context: PageContext, goal: Goal): Page {
  const body = html`<div class="deed"><header><h1>This form is used up</h1>
<p>It was sent before, more than ten minutes have passed, or something of your account has changed.</p></header>
<section><a href="${goalUrl(context, goal)}">Go on</a></section></div>`
  return { status: 410, title: 'This form is used up', error: 'expired', body }
}
