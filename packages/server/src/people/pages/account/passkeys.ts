/** `/account/passkeys`: adding, naming and removing. */
import { formatTime } from '@countersign/core'
import type { Passkey } from '@countersign/store'
import type { Answer } from '../../../http/answer.ts'
import { serverLimits } from '../../../limits.ts'
import type { Form } from '../../../oauth/form.ts'
import { addPasskey, removePasskey, renamePasskey, userHandleOf } from '../../factors/own_ways.ts'
import { creationOptions, relyingParty } from '../../factors/passkey.ts'
import { type Html, html } from '../html.ts'
import { type Page, seeOther } from '../page.ts'
import { challengeOf, passkeyForm, passkeyFormName } from '../passkey_form.ts'
import { wrongText } from '../wrong.ts'
import { type OwnContext, ownPage, ownSheet } from './own_page.ts'
import { showCodes } from './show_codes.ts'

const path = '/account/passkeys'
const formName = 'passkeys'

export const passkeys = ownPage(path, {
  // The token vouches for the handle as well: the browser was told it, and nothing was stored.
  form: (form) => (form.has('passkey') ? passkeyFormName(form.get('challenge') ?? '', form.get('handle')) : formName),
  get: (context) => passkeysPage(context),
  post: change,
})

async function change(context: OwnContext, form: Form): Promise<Page | Answer | { readonly refused: 'step_up' }> {
  const answer = form.get('passkey')
  const id = form.get('id') ?? ''
  const name = nameOf(form.get('name'))
  if (answer === undefined && name === undefined && !form.has('remove'))
    return passkeysPage(context, `Give a name of at most ${serverLimits.passkeyNameCharactersMax} characters.`)
  if (answer !== undefined) return add(context, form, answer, name ?? 'Passkey')
  const done = form.has('remove') ? await removePasskey(context, id) : await renamePasskey(context, id, name as string)
  if (typeof done === 'string' || done.refused === 'gone') return seeOther(`${context.tenant.issuer}${path}`)
  if (done.refused === 'step_up') return { refused: done.refused }
  return passkeysPage(context, 'This is your only way to sign in. Add another one first.')
}

async function add(
  context: OwnContext,
  form: Form,
  answer: string,
  name: string,
): Promise<Page | Answer | { readonly refused: 'step_up' }> {
  const challenge = form.get('challenge') ?? ''
  const added = await addPasskey(context, { challenge, userHandle: form.get('handle') ?? '', name, answer })
  if (!('refused' in added))
    return added.codes === undefined ? seeOther(`${context.tenant.issuer}${path}`) : showCodes(context, added)
  if (added.refused === 'step_up') return { refused: added.refused }
  return passkeysPage(
    context,
    added.refused === 'many'
      ? `An account has at most ${serverLimits.passkeysMax} passkeys.`
      : 'The passkey was not accepted. Try again.',
  )
}

/** One line of text, without control characters. */
function nameOf(text: string | undefined): string | undefined {
  const name = text?.trim().replace(/\s+/g, ' ') ?? ''
  const isName = name !== '' && [...name].length <= serverLimits.passkeyNameCharactersMax && !/\p{C}/u.test(name)
  return isName ? name : undefined
}

async function passkeysPage(context: OwnContext, wrong?: string): Promise<Page> {
  const { services, signedIn, tenant } = context
  const own = await services.store.read.passkeys.ofAccount(tenant.id, signedIn.account.id)
  const rows = own.map((passkey) => row(context, passkey))
  const body = html`${wrong === undefined ? undefined : html`<section>${wrongText(wrong)}</section>`}
${rows.length === 0 ? undefined : html`<section><ul class="rows">${rows}</ul></section>`}
${await addForm(context, own)}`
  const lead =
    'Your device or password manager keeps them, and asks for your finger, face or PIN. Once you have one, the password alone signs nobody in.'
  return ownSheet(context, { title: 'Passkeys', lead, body, wrong, script: 'passkey' })
}

function row({ tenant, token }: OwnContext, { id, name, createdAt, lastUsedAt, isSynced }: Passkey): Html {
  const used = lastUsedAt === undefined ? 'never used' : `last used ${formatTime(lastUsedAt).slice(0, 10)}`
  return html`<li><form class="inline" method="post" action="${tenant.issuer}${path}">${token(formName)}<input type="hidden" name="id" value="${id}">
<label>Name<input name="name" value="${name}" maxlength="${serverLimits.passkeyNameCharactersMax}" required></label><button type="submit">Rename</button>
<small>since ${formatTime(createdAt).slice(0, 10)}, ${used}${isSynced ? ', on all your devices' : ''}</small></form>
<form method="post" action="${tenant.issuer}${path}">${token(formName)}<input type="hidden" name="id" value="${id}">
<input type="hidden" name="remove" value="1"><button class="danger" type="submit" aria-label="Remove ${name}">Remove</button></form></li>`
}

async function addForm(context: OwnContext, own: readonly Passkey[]): Promise<Html> {
  const { name: site, services, signedIn, tenant } = context
  const party = relyingParty(tenant.issuer)
  if (party === undefined)
    return html`<section><p>Passkeys want a server that has a name. This one is reached by an address.</p></section>`
  const of = { tenant: tenant.id, accountId: signedIn.account.id }
  const id = await userHandleOf(services.store.read, of, services.randomBytes)
  const { name: displayName, email: name = displayName } = signedIn.account
  const challenge = challengeOf(context)
  const options = creationOptions(party, challenge, { site, user: { id, name, displayName }, passkeys: own })
  const fields = [
    html`<input type="hidden" name="handle" value="${id}">`,
    html`<label>Name of the new passkey<input name="name" value="Passkey ${own.length + 1}" maxlength="${serverLimits.passkeyNameCharactersMax}" required></label>`,
  ]
  return html`${passkeyForm(context, { path, challenge, beside: id, kind: 'create', options, fields, text: 'Add a passkey' })}
<noscript><section><p>To add one, this page needs script.</p></section></noscript>`
}
