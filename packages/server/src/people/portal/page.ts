/** `/portal` and all below it: one page, which is the portal's own program. Whoever is not signed in does that first. */
import type { Account } from '@countersign/store'
import type { Answer } from '../../http/answer.ts'
import { headerValues } from '../../http/header.ts'
import { colorsAsset, iconAsset, logoPath } from '../pages/assets.ts'
import type { Endpoint, PageContext } from '../pages/endpoint.ts'
import { html } from '../pages/html.ts'
import { frameOf, pageAnswer, seeOther } from '../pages/page.ts'
import type { PortalEntry } from './files.ts'
import { makeOwnTeam } from './own_team.ts'

export const portal: Endpoint = {
  form: 'portal',
  async get(context) {
    const { present, request, services, signedIn, tenant } = context
    if (present === undefined) {
      const path = `${request.path}${request.query === '' ? '' : `?${request.query}`}`
      return seeOther(`${tenant.issuer}/login?returnTo=${encodeURIComponent(path)}`)
    }
    const entry = services.portal.entry()
    if (entry === undefined) return notBuilt(context)
    // A link leads to one team, and its account may be nobody's own.
    if (signedIn !== undefined) await makeOwnTeam(context, signedIn.account)
    return programPage(context, entry, present.account)
  },
}

const policy = [
  "default-src 'self'",
  "style-src 'self'",
  "script-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "require-trusted-types-for 'script'",
  "frame-ancestors 'none'",
].join('; ')

const headers = {
  'Cache-Control': 'no-store',
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': policy,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
}

function programPage(context: PageContext, { script, styles }: PortalEntry, account: Account): Answer {
  const { name, request, services, settings, tenant } = context
  const { issuer } = tenant
  const base = new URL(issuer).pathname.replace(/\/$/, '')
  const kit = services.hasPortalKit ? html` data-kit="there"` : undefined
  const isGone = kit === undefined && request.path.replace(/\/$/, '') === `${base}/portal/kit`
  const colors = settings.colors === undefined ? [] : [colorsAsset(settings.colors).path]
  const links = [...styles, ...colors].map((path) => html`<link rel="stylesheet" href="${issuer}${path}">`)
  const logo = settings.logo === undefined ? undefined : html` data-logo="${issuer}${logoPath(settings.logo.digest)}"`
  const theme = themeOf(context)
  const { text } = html`<!doctype html>
<html lang="en"${theme === undefined ? undefined : html` data-theme="${theme}"`}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${name}</title>
<link rel="icon" href="${issuer}${iconAsset.path}">
${links}
<script type="module" src="${issuer}${script}"></script>
</head>
<body>
<div id="root" data-account="${account.id}" data-base="${base}" data-name="${name}" data-version="${services.version}"${logo}${kit}></div>
<noscript>The portal needs script. The management API and the command line do all that it does.</noscript>
</body>
</html>
`
  return { status: isGone ? 404 : 200, headers, body: text }
}

/** The theme that somebody chose at this browser; the page sets the cookie. Default: the machine's. */
function themeOf({ request }: Pick<PageContext, 'request'>): 'light' | 'dark' | undefined {
  const cookies = headerValues(request, 'cookie').join(';')
  const [, theme] = /(?:^|;\s*)cs-theme=(light|dark)(?:;|$)/.exec(cookies) ?? []
  return theme as 'light' | 'dark' | undefined
}

/** The page asks again by itself while the files are being made. */
function notBuilt(context: PageContext): Answer {
  const { services, tenant } = context
  const isBuilding = services.isPortalBuilding()
  const title = isBuilding ? 'The portal is being built' : 'The portal is not built here'
  const lead = isBuilding
    ? 'It takes a few seconds, once. This page asks again by itself.'
    : 'This checkout lacks its files: npm run build:portal makes them.'
  const body = html`<div class="deed"><header><h1>${title}</h1><p>${lead}</p></header>
<section><a href="${tenant.issuer}/account">Your account</a></section></div>`
  const answer = pageAnswer(frameOf(context), { status: 503, title, error: 'not_built', body })
  return { ...answer, headers: { ...answer.headers, ...(isBuilding ? { Refresh: '2', 'Retry-After': '2' } : {}) } }
}
