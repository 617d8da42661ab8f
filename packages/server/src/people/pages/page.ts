/** The frame of every page: one layout, one set of headers. */
import type { TenantContext } from '../../context.ts'
import type { Answer } from '../../http/answer.ts'
import type { PeopleSettings } from '../settings.ts'
import { colorsAsset, iconAsset, linkAsset, logoPath, passkeyAsset, sendAsset, styleAsset } from './assets.ts'
import { type Html, html } from './html.ts'

export interface Page {
  /** Default 200. */
  readonly status?: number
  readonly title: string
  readonly body: Html
  /** The code of an error, for whoever automates a browser. */
  readonly error?: string
  /** `link`: takes a code from the address. `send`: sends its form at once. `passkey`: asks for one. Default: no script. */
  readonly script?: 'link' | 'send' | 'passkey'
  /**
   * A page of a running authorization. It restricts no targets of forms: Chromium applies that to every redirect behind the
   * form as well, also to those of the client, which no list can name. Default false.
   */
  readonly isLeaving?: true
  /** `Set-Cookie` fields. */
  readonly cookies?: readonly string[]
}

/** Nothing of a page is loaded from elsewhere, nobody frames it, and most have no script. */
function policyOf({ script, isLeaving }: Pick<Page, 'script' | 'isLeaving'>): string {
  const scripts = script === undefined ? '' : " script-src 'self';"
  const forms = isLeaving === true ? '' : " form-action 'self';"
  return `default-src 'none'; style-src 'self'; img-src 'self';${scripts} base-uri 'none';${forms} frame-ancestors 'none'`
}

const mark = html`<svg class="mark" viewBox="0 0 26 26" aria-hidden="true"><path class="a" d="M3 16.5C6.5 6.5 10.5 3.5 10.5 8c0 3.500-3.500 8.500-1.500 9 2 .5 3.200-5.500 5.200-5.500s.3 5 2.600 5c1.900 0 3.200-1.600 6.200-2.500"/><path class="b" d="M3 22.500h20"/></svg>`

/** The part of a page that is the tenant's, and the same on all of them. */
export interface Frame extends Pick<PeopleSettings, 'colors' | 'logo'> {
  readonly issuer: TenantContext['issuer']
  /** The name of the tenant. */
  readonly name: string
  /** The word behind the name. Default `accounts`. */
  readonly part?: string
}

export function frameOf({
  name,
  settings,
  tenant,
}: {
  readonly name: string
  readonly settings: PeopleSettings
  readonly tenant: Pick<TenantContext, 'issuer'>
}): Frame {
  return { ...settings, issuer: tenant.issuer, name }
}

export function pageAnswer({ issuer, name, colors, logo, part = 'accounts' }: Frame, page: Page): Answer {
  const { status = 200, title, body, error, cookies = [] } = page
  const asset = page.script === undefined ? undefined : scripts[page.script]
  const script = asset === undefined ? undefined : html`<script src="${issuer}${asset.path}" defer></script>`
  const main = error === undefined ? html`<main>` : html`<main data-error="${error}">`
  const { text } = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · ${name}</title>
<link rel="icon" href="${issuer}${iconAsset.path}">
<link rel="stylesheet" href="${issuer}${styleAsset.path}">
${colors === undefined ? undefined : html`<link rel="stylesheet" href="${issuer}${colorsAsset(colors).path}">`}
${script}
</head>
<body>
${main}
<div class="brand">${logo === undefined ? mark : html`<img class="logo" src="${issuer}${logoPath(logo.digest)}" alt="">`}${name} <span>${part}</span></div>
${body}
</main>
</body>
</html>
`
  return { status, headers: headersOf(page), cookies, body: text }
}

const scripts = { link: linkAsset, send: sendAsset, passkey: passkeyAsset }

function headersOf(page: Pick<Page, 'script' | 'isLeaving'>): Readonly<Record<string, string>> {
  return {
    'Cache-Control': 'no-store',
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': policyOf(page),
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  }
}

/** After a form that was taken: the next page, by GET. */
export function seeOther(location: string, cookies: readonly string[] = []): Answer {
  return { status: 303, headers: { ...headersOf({}), Location: location }, cookies, body: '' }
}
