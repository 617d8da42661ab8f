/** `/account/step-up`: proving once more to be it, before something changes who may come in. */
import type { Answer } from '../../../http/answer.ts'
import type { Form } from '../../../oauth/form.ts'
import { hasSecondFactor, readFactors } from '../../factors/second_factor.ts'
import { type StepUpOutcome, stepUpByCode, stepUpByPasskey, stepUpByPassword } from '../../factors/step_up.ts'
import { type Goal, goalFields, goalOf, goalUrl, goOn } from '../after_sign_in.ts'
import type { Endpoint, PageContext, SignedIn } from '../endpoint.ts'
import { type Html, html } from '../html.ts'
import { type Page, seeOther } from '../page.ts'
import { passkeyFormName, passkeyProof } from '../passkey_form.ts'
import { proofOf } from '../second_factor.ts'
import { busyText, invalid, waitText, wrongAnswer, wrongText } from '../wrong.ts'
import { stepUpPath as path, signInFirst, usernameField } from './own_page.ts'

const formName = 'step_up'

export const stepUp: Endpoint = {
  form: (form) => (form.has('passkey') ? passkeyFormName(form.get('challenge') ?? '', formName) : formName),
  get: (context) => {
    const { present, request } = context
    if (present === undefined) return signInFirst(context)
    return stepUpPage(context, present, { goal: goalOf(context, new URLSearchParams(request.query)) })
  },
  post: (context, form) => prove(context, form),
}

async function prove(context: PageContext, form: Form): Promise<Page | Answer> {
  const { present: signedIn } = context
  if (signedIn === undefined) return signInFirst(context)
  const goal = goalOf(context, form)
  const again = (wrong: string, status?: number): Promise<Page> =>
    stepUpPage(context, signedIn, { goal, wrong, ...(status === undefined ? {} : { status }) })
  const outcome = await tryForm({ ...context, signedIn }, form)
  if (outcome === undefined) return again('Choose one of these.')
  if ('text' in outcome) return goOn(context, goal, outcome.text.reveal())
  if ('seconds' in outcome) return again(waitText(outcome.seconds), 429)
  // Pressed twice, the first has changed the secret: the page that asked sees whether that was enough.
  if (outcome.refused === 'over') return seeOther(goalUrl(context, goal))
  if (outcome.refused === 'busy') return again(busyText, 503)
  return again('That was not right, or was used before.')
}

function tryForm(
  context: PageContext & { readonly signedIn: SignedIn },
  form: Form,
): Promise<StepUpOutcome> | undefined {
  const answer = form.get('passkey')
  if (answer !== undefined) return stepUpByPasskey(context, form.get('challenge') ?? '', answer)
  const proof = proofOf(form)
  if (proof !== undefined) return stepUpByCode(context, proof)
  const password = form.get('password')
  return password === undefined ? undefined : stepUpByPassword(context, password)
}

interface Shown {
  readonly goal: Goal
  readonly wrong?: string
  readonly status?: number
}

async function stepUpPage(context: PageContext, signedIn: SignedIn, shown: Shown): Promise<Page> {
  const ways = await waysOf(context, signedIn, shown)
  const body = html`<div class="deed"><header><h1>Show that it is you</h1>
<p>${signedIn.account.name}. What you are about to change says who can sign in, so it wants more than an open browser.</p></header>
${ways}</div>
<p class="below"><a href="${context.tenant.issuer}/account">Back to your account</a></p>`
  return { ...wrongAnswer(shown.wrong, shown.status), title: 'Show that it is you', script: 'passkey', body }
}

/** A password proves nothing where it is one of two. */
async function waysOf(context: PageContext, signedIn: SignedIn, { goal, wrong }: Shown): Promise<readonly Html[]> {
  const { services, tenant } = context
  const accountId = signedIn.account.id
  const of = { tenant: tenant.id, accountId }
  const factors = await readFactors(services.store.read, of)
  const fields = goalFields(goal)
  const password = await services.store.read.identities.find(tenant.id, accountId, 'password')
  const form = (content: Html): Html => codeForm(context, goal, content)
  if (!hasSecondFactor(factors)) {
    if (password === undefined) return [nothingToShow(context, signedIn)]
    return [
      form(html`${wrongText(wrong)}${usernameField(signedIn)}<label>Password<input name="password" type="password" autocomplete="current-password" autofocus${invalid(wrong)}></label>
<button class="primary" type="submit">Go on</button>`),
    ]
  }
  const passkeys = factors.passkeys === 0 ? [] : await services.store.read.passkeys.ofAccount(tenant.id, accountId)
  const asked = { beside: formName, fields, passkeys, text: 'Use a passkey' }
  const withPasskey = passkeys.length === 0 ? undefined : passkeyProof(context, path, asked)
  const byApp = html`<label>Code of your authenticator app<input class="code" name="totp" inputmode="numeric" autocomplete="one-time-code" maxlength="10" autofocus${invalid(wrong)}></label>
<button class="primary" type="submit">Go on</button>`
  const byRecovery = html`<label>Recovery code<input class="code" name="recovery_code" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="40"></label>
<button type="submit">Go on</button>`
  return [
    ...(wrong === undefined ? [] : [html`<section>${wrongText(wrong)}</section>`]),
    ...(factors.hasTotp ? [form(byApp)] : []),
    ...(withPasskey === undefined ? [] : [withPasskey]),
    html`<details><summary>Lost it? Use a recovery code</summary>${form(byRecovery)}</details>`,
  ]
}

function codeForm({ tenant, token }: PageContext, goal: Goal, content: Html): Html {
  return html`<form method="post" action="${tenant.issuer}${path}">${token(formName)}${goalFields(goal)}${content}</form>`
}

function nothingToShow({ tenant, token }: PageContext, { session }: SignedIn): Html {
  const next =
    session.portal === undefined
      ? 'Sign in once more. For ten minutes after that you can add one.'
      : 'Come by another link: it is proof enough for ten minutes.'
  return html`<form method="post" action="${tenant.issuer}/logout">${token('logout')}
<p>This account has no password, passkey or authenticator app yet. ${next}</p>
<button type="submit">Sign out</button></form>`
}
