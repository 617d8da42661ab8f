/** `/account/recovery-codes`: shown once, right after they were made. */
import { renewRecoveryCodes, takeShown } from '../../factors/own_ways.ts'
import { hasSecondFactor, readFactors } from '../../factors/second_factor.ts'
import { html } from '../html.ts'
import { type Page, seeOther } from '../page.ts'
import { type OwnContext, ownPage, ownSheet } from './own_page.ts'
import { codesPath, showCodes } from './show_codes.ts'

const formName = 'recovery_codes'

export const recoveryCodes = ownPage(codesPath, {
  form: formName,
  async get(context) {
    const shown = new URLSearchParams(context.request.query).get('shown')
    const codes = shown === null ? undefined : await takeShown(context, shown)
    return codes === undefined ? countPage(context) : codesPage(context, codes)
  },
  async post(context) {
    const renewed = await renewRecoveryCodes(context)
    if (!('refused' in renewed)) return showCodes(context, renewed)
    return renewed.refused === 'step_up' ? { refused: renewed.refused } : seeOther(`${context.tenant.issuer}/account`)
  },
})

function codesPage(context: OwnContext, codes: readonly string[]): Page {
  const body = html`<section><ol class="codes">${codes.map((code) => html`<li><code>${code}</code></li>`)}</ol></section>
<section><p>Print them, or keep them with your passwords. This page shows them once.</p>
<p><a class="button" href="${context.tenant.issuer}/account">I have kept them</a></p></section>`
  const lead = 'Each signs you in once, when you have lost your device.'
  return ownSheet(context, { title: 'Your recovery codes', lead, body })
}

async function countPage(context: OwnContext): Promise<Page> {
  const { services, signedIn, tenant, token } = context
  const factors = await readFactors(services.store.read, { tenant: tenant.id, accountId: signedIn.account.id })
  const body = hasSecondFactor(factors)
    ? html`<form method="post" action="${tenant.issuer}${codesPath}">${token(formName)}
<p>Those that you have are good no more once you make new ones.</p><button class="primary" type="submit">Make ten new codes</button></form>`
    : html`<section><p>Add an authenticator app or a passkey first. The codes are for when you lose it.</p></section>`
  return ownSheet(context, {
    title: 'Recovery codes',
    lead: `You have ${factors.recoveryCodes} that were not used.`,
    body,
  })
}
