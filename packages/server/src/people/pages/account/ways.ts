/** The part of `/account` that shows how the person signs in. */
import { hasSecondFactor, readFactors } from '../../factors/second_factor.ts'
import type { PageContext, SignedIn } from '../endpoint.ts'
import { type Html, html } from '../html.ts'

export async function waysSection(context: PageContext, { account }: SignedIn): Promise<Html> {
  const { services, tenant } = context
  const { read } = services.store
  const of = { tenant: tenant.id, accountId: account.id }
  const factors = await readFactors(read, of)
  const password = await read.identities.find(of.tenant, of.accountId, 'password')
  const { hasTotp, passkeys, recoveryCodes } = factors
  const row = (name: string, state: string, path: string, deed: string): Html =>
    html`<li><div>${name}<small>${state}</small></div><a class="button" href="${tenant.issuer}/account/${path}" aria-label="${deed}: ${name}">${deed}</a></li>`
  const hasTwo = hasSecondFactor(factors)
  return html`<section><h2>Ways to sign in</h2>
${account.role === undefined || hasTwo ? undefined : notice}
<ul class="rows">
${row('Password', password === undefined ? 'not set' : 'set', 'password', password === undefined ? 'Set' : 'Change')}
${row('Passkeys', passkeys === 0 ? 'none' : String(passkeys), 'passkeys', passkeys === 0 ? 'Add' : 'Manage')}
${row('Authenticator app', hasTotp ? 'on' : 'off', 'authenticator', hasTotp ? 'Turn off' : 'Set up')}
${hasTwo ? row('Recovery codes', `${recoveryCodes} left`, 'recovery-codes', 'Make new ones') : undefined}
</ul></section>`
}

/** It blocks nothing. */
const notice = html`<p class="caution">You run this server, and one password or link is all it takes to be you. Add a passkey or an authenticator app.</p>`
