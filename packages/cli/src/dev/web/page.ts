/** The two pages of the demo application: before the sign-in, and after it. They need no script. */
import { createHash } from 'node:crypto'
import { html } from '@countersign/server'

type Html = ReturnType<typeof html>

/** An answer of the API, as the page shows it. */
export interface Called {
  readonly request: string
  readonly status: number
  readonly body: string
}

export interface Shown {
  readonly issuer: string
  readonly notice: string | undefined
  readonly person?: {
    readonly name: string
    readonly scope: string
    readonly calls: readonly Called[]
  }
}

const style = `:root { color-scheme: light dark; --ink: light-dark(#10231a, #e8f1ec); --quiet: light-dark(#4c5f56, #a5b8af);
  --paper: light-dark(#f3f7f1, #0c1511); --sheet: light-dark(#fff, #121e18); --line: light-dark(#cfdcd3, #2a3a32);
  --green: light-dark(#14693d, #64d599); --on-green: light-dark(#fff, #06140c); --red: light-dark(#a51c1f, #fd8f87) }
* { box-sizing: border-box; margin: 0 }
body { background: var(--paper); color: var(--ink); font: 1rem/1.6 ui-serif, Georgia, serif }
main { max-inline-size: 44rem; margin-inline: auto; padding: clamp(1.5rem, 6vw, 4rem) 1rem; display: grid; gap: 1.5rem }
h1 { font-size: clamp(1.75rem, 5vw, 2.5rem); line-height: 1.1; letter-spacing: -0.02em }
h2 { font-size: 1.125rem }
section, aside { background: var(--sheet); border: 1px solid var(--line); border-radius: 10px; padding: 1.25rem; display: grid; gap: 0.75rem }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.25rem 1rem }
dt, .quiet { color: var(--quiet) }
dd, code { overflow-wrap: anywhere }
code, pre { font: 0.8125rem/1.5 ui-monospace, Menlo, monospace }
pre { max-block-size: 22rem; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere }
.row { display: flex; flex-wrap: wrap; gap: 0.75rem }
button { font: 600 1rem/1 ui-sans-serif, system-ui, sans-serif; min-block-size: 44px; padding: 0 1.25rem; border-radius: 8px;
  border: 1px solid var(--line); background: var(--sheet); color: var(--ink); cursor: pointer }
button.primary { background: var(--green); border-color: var(--green); color: var(--on-green) }
:focus-visible { outline: 3px solid var(--green); outline-offset: 2px }
a { color: var(--green) }
.good { color: var(--green) } .bad { color: var(--red) }
`

const styleDigest = createHash('sha256').update(style).digest('base64')

/** The one style is named by its digest: nothing else runs or is loaded. A form may lead on to the server. */
export function policyOf(issuer: string): string {
  return `default-src 'none'; img-src data:; style-src 'sha256-${styleDigest}'; base-uri 'none'; form-action 'self' ${issuer}; frame-ancestors 'none'`
}

export function pageOf(shown: Shown): string {
  const { person, notice } = shown
  const body = person === undefined ? signedOut(shown) : signedIn(shown, person)
  const { text } = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${person === undefined ? 'Welcome' : 'Your orders'} · Ledgerly</title>
<link rel="icon" href="data:,">
STYLE
</head>
<body>
<main>
<h1>Ledgerly</h1>
${notice === undefined ? undefined : html`<aside role="status">${notice}</aside>`}
${body}
</main>
</body>
</html>
`
  return text.replace('STYLE', () => `<style>${style}</style>`)
}

function signedOut({ issuer }: Shown): Html {
  return html`<p>An application that knows nothing of you. To show your orders it asks ${issuer}, which asks you.</p>
<form method="post" action="/sign-in"><button class="primary">Sign in with Countersign</button></form>
<p class="quiet">You need an account there: the link beside “Sign in” on the terminal signs the operator in.</p>`
}

function signedIn({ issuer }: Shown, { name, scope, calls }: NonNullable<Shown['person']>): Html {
  return html`<section><h2>What you allowed</h2>
<dl><dt>Account</dt><dd>${name}</dd><dt>Scope</dt><dd><code>${scope}</code></dd></dl>
<p class="quiet">Take it back under Connected applications of <a href="${issuer}/account">your account</a>, and load this page again.</p></section>
${calls.map(callOf)}
<div class="row">
<form method="post" action="/order"><button>Order a lantern</button></form>
<form method="post" action="/sign-out"><button>Sign out</button></form>
</div>`
}

function callOf({ request, status, body }: Called): Html {
  return html`<section><h2><code>${request}</code> <span class="${status < 300 ? 'good' : 'bad'}">${status}</span></h2>
<pre tabindex="0">${body}</pre></section>`
}
