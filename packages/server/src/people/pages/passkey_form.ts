/** A form that a passkey fills. It is hidden without script, and the page then has its other ways. */
import type { Passkey } from '@countersign/store'
import { newChallenge } from '../factors/challenge.ts'
import { relyingParty, requestOptions } from '../factors/passkey.ts'
import type { PageContext } from './endpoint.ts'
import { type Html, html } from './html.ts'

export function challengeOf({ now, services, tenant }: PageContext): string {
  const position = services.books.book(tenant.id)?.place.sequence ?? 0
  return newChallenge({ now, position }, services.randomBytes)
}

/** The token of the form vouches for the challenge, and for all that stands beside it. */
export function passkeyFormName(challenge: string, beside = ''): string {
  return `passkey ${challenge} ${beside}`
}

/** The form that proves who it is. Nothing where the host of this server can have no passkeys. */
export function passkeyProof(
  context: PageContext,
  path: string,
  {
    beside,
    fields = [],
    passkeys,
    text,
  }: {
    readonly beside?: string | undefined
    readonly fields?: readonly Html[]
    /** Only these. Default: any that the person has. */
    readonly passkeys?: readonly Passkey[]
    readonly text: string
  },
): Html | undefined {
  const party = relyingParty(context.tenant.issuer)
  if (party === undefined) return undefined
  const challenge = challengeOf(context)
  const options = requestOptions(party, challenge, passkeys)
  return passkeyForm(context, { path, challenge, beside, kind: 'get', options, fields, text })
}

export function passkeyForm(
  { tenant, token }: PageContext,
  form: {
    readonly path: string
    readonly challenge: string
    readonly beside?: string | undefined
    readonly kind: 'get' | 'create'
    readonly options: object
    readonly fields?: readonly Html[]
    readonly text: string
  },
): Html {
  return html`<form method="post" action="${tenant.issuer}${form.path}" data-passkey="${form.kind}" data-options="${JSON.stringify(form.options)}" hidden>
<p class="wrong" role="alert" hidden data-failed>The passkey was not used. Try again, or choose another way.</p>
${token(passkeyFormName(form.challenge, form.beside))}<input type="hidden" name="challenge" value="${form.challenge}">
<input type="hidden" name="passkey" value="">${form.fields ?? []}
<button type="submit">${form.text}</button></form>`
}
