/** `/account/authenticator`: an app that makes codes, set up or taken away. */
import type { Answer } from '../../../http/answer.ts'
import type { Form } from '../../../oauth/form.ts'
import { addTotp, openEnrolment, removeTotp, sealEnrolment } from '../../factors/own_ways.ts'
import { readFactors } from '../../factors/second_factor.ts'
import { formatBase32, totpSecretBytes, totpUri } from '../../factors/totp.ts'
import { type Html, html } from '../html.ts'
import { type Page, seeOther } from '../page.ts'
import { invalid, wrongText } from '../wrong.ts'
import { type OwnContext, ownPage, ownSheet } from './own_page.ts'
import { showCodes } from './show_codes.ts'

const path = '/account/authenticator'
const formName = 'authenticator'

export const authenticator = ownPage(path, {
  form: formName,
  async get(context) {
    const { services, signedIn, tenant } = context
    const { hasTotp } = await readFactors(services.store.read, { tenant: tenant.id, accountId: signedIn.account.id })
    return hasTotp ? removePage(context) : enrolPage(context, services.randomBytes(totpSecretBytes))
  },
  async post(context, form) {
    if (!form.has('remove')) return enrol(context, form)
    const removed = await removeTotp(context)
    return removed === 'removed' ? seeOther(`${context.tenant.issuer}/account`) : removed
  },
})

async function enrol(context: OwnContext, form: Form): Promise<Page | Answer | { readonly refused: 'step_up' }> {
  const { services, tenant } = context
  const secret = openEnrolment(context, form.get('enrolment') ?? '')
  if (secret === undefined)
    return enrolPage(context, services.randomBytes(totpSecretBytes), 'That took too long. Here is a new secret.')
  const added = await addTotp(context, secret, form.get('totp') ?? '')
  if (!('refused' in added)) return showCodes(context, added)
  if (added.refused === 'step_up') return { refused: added.refused }
  if (added.refused === 'there') return seeOther(`${tenant.issuer}${path}`)
  return enrolPage(context, secret, 'The code is wrong. Look at the clock of your device, and try the next code.')
}

async function enrolPage(context: OwnContext, secret: Uint8Array, wrong?: string): Promise<Page> {
  const { name: issuer, signedIn, tenant, token } = context
  const { email, name } = signedIn.account
  const text = formatBase32(secret).replaceAll(/.{4}(?=.)/g, '$& ')
  const body = html`<section class="scan">${await qrCode(totpUri(secret, { issuer, name: email ?? name }))}
<p>Scan this with your app, or type the secret:</p><p><code>${text}</code></p></section>
<form method="post" action="${tenant.issuer}${path}">${wrongText(wrong)}${token(formName)}
<input type="hidden" name="enrolment" value="${sealEnrolment(context, secret)}">
<label>The code that the app shows<input class="code" name="totp" inputmode="numeric" autocomplete="one-time-code" maxlength="10" required${invalid(wrong)}></label>
<button class="primary" type="submit">Turn on</button></form>`
  const lead = 'From then on nobody signs in to your account with the password alone.'
  return ownSheet(context, { title: 'Authenticator app', lead, body, wrong })
}

function removePage(context: OwnContext): Page {
  const { tenant, token } = context
  const body = html`<form method="post" action="${tenant.issuer}${path}">${token(formName)}<input type="hidden" name="remove" value="1">
<button class="danger" type="submit">Turn off</button></form>`
  return ownSheet(context, {
    title: 'Authenticator app',
    lead: 'It is on. To move to another device, turn it off and set it up anew.',
    body,
  })
}

/** As one path of an SVG: dark on light whatever the theme, since cameras want it so. */
async function qrCode(text: string): Promise<Html> {
  // Most processes never draw one.
  const { default: encodeQr } = await import('qr')
  const rows = encodeQr(text, 'raw', { border: 4 })
  const path = rows.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : []))).join('')
  return html`<svg class="qr" role="img" aria-label="QR code with the secret" viewBox="0 0 ${rows.length} ${rows.length}" shape-rendering="crispEdges"><path d="${path}"/></svg>`
}
