/** The way back to the client: by a redirect, or by a form that the browser posts (OAuth 2.0 Form Post Response Mode). */
import type { Answer } from '../../http/answer.ts'
import { answerLocation, answerParameters } from '../../oauth/authorization/answer.ts'
import type { ReturnAddress } from '../../oauth/authorization/request.ts'
import type { OauthError } from '../../oauth/oauth_error.ts'
import { html } from './html.ts'
import { type Frame, pageAnswer, seeOther } from './page.ts'

export function returnAnswer(
  frame: Frame,
  address: ReturnAddress,
  answer: { readonly code: string } | { readonly error: OauthError },
): Answer {
  const parameters = answerParameters(address, frame.issuer, answer)
  if (address.responseMode === 'query') return seeOther(answerLocation(address, parameters))
  const fields = Object.entries(parameters).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )
  const body = html`<div class="deed"><header><h1>Going back</h1><p>to ${new URL(address.redirectUri).host}</p></header>
<form method="post" action="${address.redirectUri}" data-send>${fields}<button class="primary" type="submit">Go on</button></form></div>`
  return pageAnswer(frame, { title: 'Going back', script: 'send', isLeaving: true, body })
}
