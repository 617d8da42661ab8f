/** `GET /`: where a person who opens the issuer's URL in a browser can go on. */
import type { TenantContext } from '../context.ts'
import type { Answer } from '../http/answer.ts'

const headers = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'public, max-age=300',
  // No script, no style, no image: nothing on this page can be made to do anything.
  'Content-Security-Policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
}

const links = [
  ['/openapi.json', 'the management API, as an OpenAPI document'],
  ['/.well-known/oauth-authorization-server', 'metadata of this authorization server (RFC 8414)'],
  ['/oauth/jwks', 'the public keys of its tokens (JWK Set)'],
] as const

export function startPage({ issuer }: Pick<TenantContext, 'issuer'>): Answer {
  const shown = escapeHtml(issuer)
  const items = links.map(([path, text]) => `<li><a href="${shown}${path}">${path}</a>: ${text}</li>`)
  const body = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Countersign</title></head>
<body>
<h1>Countersign</h1>
<p>This is the authorization server <code>${shown}</code>. It issues and verifies API keys, JWTs and OAuth tokens.</p>
<ul>
${items.join('\n')}
</ul>
</body>
</html>
`
  return { status: 200, headers, body }
}

function escapeHtml(text: string): string {
  const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return text.replace(/[&<>"]/g, (character) => escapes[character] as string)
}
