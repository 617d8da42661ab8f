/** `/invite`: where the link of an invitation leads. Its code stands behind `#`, and is sent by a button. */
import type { Answer } from '../../../http/answer.ts'
import type { Form } from '../../../oauth/form.ts'
import { isInvited } from '../../invitations.ts'
import {
  joinAs,
  joinAsNew,
  mailInvitation,
  maySignUp,
  openInvitation,
  type SeenInvitation,
  seeInvitation,
} from '../../mail_codes/invited.ts'
import { goOn } from '../after_sign_in.ts'
import type { Endpoint, PageContext } from '../endpoint.ts'
import { type Html, html } from '../html.ts'
import { type Page, seeOther } from '../page.ts'
import { invalid, wrongAnswer, wrongText } from '../wrong.ts'
import { codeFormOf, refusalText } from './code_form.ts'
import { personFields, readPerson } from './person_form.ts'

const path = '/invite'
const title = 'You are invited'

export const invite: Endpoint = {
  form: (form) => codeFormOf(path, form.get('challenge') ?? ''),
  get(context) {
    const query = new URLSearchParams(context.request.query)
    if (query.get('notice') === 'sent') return sentPage()
    const challenge = query.get('challenge')
    return challenge === null ? linkPage(context) : see(context, challenge)
  },
  post(context, form) {
    const challenge = form.get('challenge')
    if (challenge === undefined) return open(context, form)
    if (form.has('send')) return send(context, challenge)
    return context.signedIn === undefined ? joinNew(context, challenge, form) : join(context, challenge)
  },
}

async function open(context: PageContext, form: Form): Promise<Page | Answer> {
  const code = form.get('code')
  if (code === undefined) return linkPage(context, { wrong: 'Paste the code of your link: all that stands behind #.' })
  const opened = await openInvitation(context, code)
  if ('challenge' in opened) return seeOther(hereUrl(context, opened.challenge))
  return opened.refused === 'over' ? over(context) : linkPage(context, refusalText(opened))
}

function hereUrl({ tenant }: PageContext, challenge: string): string {
  return `${tenant.issuer}${path}?challenge=${encodeURIComponent(challenge)}`
}

/** Accepting changes something, so a button does it. */
async function join(context: PageContext, challenge: string): Promise<Page | Answer> {
  const { signedIn, tenant } = context
  if (signedIn === undefined) return see(context, challenge)
  const joined = await joinAs({ ...context, signedIn }, challenge)
  if ('isIn' in joined) return seeOther(`${tenant.issuer}/account`)
  return joined.refused === 'over' ? over(context) : see(context, challenge, { wrong: joined.why })
}

async function joinNew(context: PageContext, challenge: string, form: Form): Promise<Page | Answer> {
  const { name, password, wrong } = readPerson(context, form)
  if (wrong !== undefined) return see(context, challenge, { name, wrong })
  const joined = await joinAsNew(context, challenge, { name, password })
  if ('text' in joined) return goOn(context, {}, joined.text.reveal())
  if (joined.refused === 'over') return over(context)
  if (joined.refused === 'why') return see(context, challenge, { name, wrong: joined.why })
  return see(context, challenge, { name, ...refusalText(joined) })
}

async function send(context: PageContext, challenge: string): Promise<Page | Answer> {
  const sent = await mailInvitation(context, challenge)
  if ('isSent' in sent) return seeOther(`${context.tenant.issuer}${path}?notice=sent`)
  return sent.refused === 'over' ? over(context) : see(context, challenge, refusalText(sent))
}

function sentPage(): Page {
  const sent = 'Look into your mail'
  const body = html`<div class="deed"><header><h1>${sent}</h1>
<p>The invitation was mailed to the address that it is for. Its link goes on from there, at any browser.</p></header></div>`
  return { title: sent, body }
}

interface Shown {
  readonly name?: string
  readonly wrong?: string
  readonly status?: number
}

async function see(context: PageContext, challenge: string, shown: Shown = {}): Promise<Page> {
  const seen = await seeInvitation(context, challenge)
  if (seen === undefined) return over(context)
  const { invitation, team } = seen.invited
  const { wrong } = shown
  const body = html`<div class="deed"><header><h1>${title}</h1>
<p>to the team <b>${team.name}</b>, as ${article(invitation.role)}. The invitation is for <b>${invitation.email}</b>.</p></header>
${wrong === undefined ? undefined : html`<section>${wrongText(wrong)}</section>`}
${stepOf(context, challenge, seen, shown)}</div>`
  return { ...wrongAnswer(wrong, shown.status), title, body }
}

function article(role: string): string {
  return `${/^[aeiou]/.test(role) ? 'an' : 'a'} ${role}`
}

/** The next step, by who is at the browser and what is known of the address. */
function stepOf(context: PageContext, challenge: string, seen: SeenInvitation, { name = '' }: Shown): Html {
  const { services, settings, signedIn, tenant } = context
  const { hasAccount, invited } = seen
  if (signedIn !== undefined && isInvited(invited, signedIn.account))
    return form(context, challenge, { button: 'Join the team' })
  const { pathname } = new URL(tenant.issuer)
  const here = `${pathname === '/' ? '' : pathname}${path}?challenge=${challenge}`
  const login = `${tenant.issuer}/login?${new URLSearchParams({ returnTo: here })}`
  if (signedIn !== undefined)
    return html`<section><p>You are signed in as ${signedIn.account.email ?? signedIn.account.name}. <a href="${login}">Sign in with the invited address</a></p></section>`
  if (hasAccount) return html`<section><p><a href="${login}">Sign in to join</a></p></section>`
  if (!maySignUp(settings))
    return html`<section><p>There is no account with this address, and none is made here. Ask those who run this server.</p></section>`
  if (invited.isMailed)
    return form(context, challenge, { fields: personFields(context, name), button: 'Create an account and join' })
  if (!services.mailer.isOn)
    return html`<section><p>There is no account with this address yet. Ask those who run this server to make one, then open the link again.</p></section>`
  return html`${form(context, challenge, {
    lead: 'There is no account with this address yet. To make one, show that mail to it reaches you.',
    fields: html`<input type="hidden" name="send" value="mail">`,
    button: 'Mail me the invitation',
  })}`
}

interface Step {
  readonly lead?: string
  readonly fields?: Html
  readonly button: string
}

function form({ tenant, token }: PageContext, challenge: string, { lead, fields, button }: Step): Html {
  return html`<form method="post" action="${tenant.issuer}${path}">${token(codeFormOf(path, challenge))}
<input type="hidden" name="challenge" value="${challenge}">
${lead === undefined ? undefined : html`<p>${lead}</p>`}
${fields}
<button class="primary" type="submit">${button}</button>
</form>`
}

function linkPage({ token, tenant }: PageContext, { wrong, status }: Shown = {}): Page {
  const body = html`<div class="deed"><header><h1>${title}</h1><p>The button opens the invitation. Nothing is accepted yet.</p></header>
<form method="post" action="${tenant.issuer}${path}" data-link="wait">
${wrongText(wrong)}
${token(codeFormOf(path, ''))}
<label>Code of the link<input class="code" name="code" autocomplete="off" autocapitalize="off" spellcheck="false"${invalid(wrong)}>
<small>Without script, paste here what stands behind # in your link.</small></label>
<button class="primary" type="submit">Open the invitation</button>
</form></div>`
  return { ...wrongAnswer(wrong, status), title, script: 'link', body }
}

function over({ tenant }: PageContext): Page {
  const overTitle = 'This invitation is over'
  const body = html`<div class="deed"><header><h1>${overTitle}</h1>
<p>It was accepted, was taken back or has ended, or another browser opened it. Open the link again, or ask for another one.</p></header>
<section><a href="${tenant.issuer}/account">Your account</a></section></div>`
  return { status: 410, title: overTitle, error: 'expired', body }
}
