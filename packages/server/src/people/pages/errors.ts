/** `/errors/{code}`: what a problem means, and what to do. It reads nothing but its own text, so that it costs nothing. */
import { type ProblemHelp, problemHelp } from '@countersign/contract'
import type { TenantContext } from '../../context.ts'
import type { Answer } from '../../http/answer.ts'
import { type Html, html } from './html.ts'
import { type Page, pageAnswer } from './page.ts'

/** In the order of the alphabet. */
const help: ReadonlyMap<string, ProblemHelp> = new Map(
  Object.entries(problemHelp).sort(([left], [right]) => (left < right ? -1 : 1)),
)

/** The page of one code, and without one the list of all. A code that there is not is 404 with that list. */
export function errors({ issuer }: Pick<TenantContext, 'issuer'>, code: string | undefined): Answer {
  const frame = { issuer, name: 'Countersign', part: 'errors' }
  const found = code === undefined ? undefined : help.get(code)
  if (code !== undefined && found !== undefined) return pageAnswer(frame, pageOf(issuer, code, found))
  const isUnknown = code !== undefined
  const title = isUnknown ? 'There is no such code' : 'Codes of errors'
  const page = { title, body: listOf(issuer, title) }
  return pageAnswer(frame, isUnknown ? { ...page, status: 404, error: 'not_found' } : page)
}

function pageOf(issuer: string, code: string, { status, example, cause, mend }: ProblemHelp): Page {
  const problem = { type: `${issuer}/errors/${code}`, status, detail: example, code, requestId: 'req_…' }
  const body = html`<div class="deed"><header><h1><code>${code}</code></h1><p>${cause}</p></header>
<section><h2>What to do</h2><ul>${mend.map((step) => html`<li>${step}</li>`)}</ul></section>
<section><h2>An example</h2><pre tabindex="0">${JSON.stringify(problem, undefined, 2)}</pre></section>
<section><a href="${issuer}/errors">All codes</a></section></div>`
  return { title: code, body }
}

function listOf(issuer: string, title: string): Html {
  const items = [...help.keys()].map(
    (code) => html`<li><a href="${issuer}/errors/${code}"><code>${code}</code></a></li>`,
  )
  return html`<div class="deed"><header><h1>${title}</h1><p>Each answer with an error names one of these as its code.</p></header>
<section><ul>${items}</ul></section></div>`
}
