/** The one style sheet of the pages: the tokens of the house, and the sheet that account pages are printed on. */
export const style = `:root {
  color-scheme: light dark;
  --paper: light-dark(#f8fbfa, #0a1214);
  --sheet: light-dark(#ffffff, #111a1d);
  --sunk: light-dark(#eff4f2, #060b0d);
  --line: light-dark(#d7dedc, #273133);
  --rule: light-dark(#b6c0bf, #444f53);
  --edge: light-dark(#768384, #768385);
  --ink: light-dark(#0f1e22, #ecf1f0);
  --quiet: light-dark(#495759, #a9b6b5);
  --sign: light-dark(#1847c3, #80acfb);
  --sign-strong: light-dark(#0932a6, #a1c5ff);
  --on-sign: light-dark(#ffffff, #090d16);
  --good: light-dark(#14693d, #64d599);
  --warn: light-dark(#875506, #eebb5e);
  --bad: light-dark(#b7191c, #fd837b);
  --bad-wash: light-dark(#ffeeec, #461d1a);
  --text: ui-sans-serif, system-ui, sans-serif;
  --mono: ui-monospace, 'Cascadia Mono', Menlo, monospace;
  --t-note: 0.75rem/1rem var(--text);
  --t-small: 0.8125rem/1.25rem var(--text);
  --t-body: 0.875rem/1.25rem var(--text);
  --s1: 4px; --s2: 8px; --s3: 12px; --s4: 16px; --s5: 24px; --s6: 32px; --s7: 48px;
  --r-control: 5px;
  --h-control: 40px;
  --shadow: 0 1px 0 rgb(15 30 34 / 4%), 0 12px 32px -16px rgb(15 30 34 / 22%);
  --ring: 2px solid var(--sign);
}
@media (prefers-color-scheme: dark) { :root { --shadow: 0 0 0 1px rgb(255 255 255 / 2%), 0 16px 40px -16px rgb(0 0 0 / 70%); } }
@media (prefers-contrast: more) { :root { --line: light-dark(#768384, #768385); --rule: light-dark(#495759, #a9b6b5); } }
@media (pointer: coarse) { :root { --h-control: 44px; } }
*, ::before, ::after { box-sizing: border-box; margin: 0; }
html { background: var(--paper); color: var(--ink); font: var(--t-body); -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
h1 { font: 600 1.25rem/1.625rem var(--text); }
h2 { font: 600 0.875rem/1.25rem var(--text); }
a { color: var(--sign); text-underline-offset: 3px; }
a:hover { color: var(--sign-strong); text-decoration-thickness: 2px; }
:focus-visible { outline: var(--ring); outline-offset: 2px; border-radius: 3px; }
ul { padding: 0; list-style: none; }
button, input { font: inherit; color: inherit; }
code { font: 0.8125rem/1.25rem var(--mono); overflow-wrap: anywhere; }
.quiet { color: var(--quiet); }
.note { font: var(--t-note); }
main { min-block-size: 100dvh; display: grid; place-items: start center; align-content: start; gap: var(--s4); padding: var(--s7) var(--s4); }
.brand { display: flex; align-items: center; gap: 10px; font-weight: 650; font-size: 1rem; overflow-wrap: anywhere; }
.brand span { font-weight: 400; color: var(--quiet); }
.mark { inline-size: 28px; block-size: 28px; flex: none; }
.logo { block-size: 28px; max-inline-size: 160px; flex: none; object-fit: contain; }
.mark .a { fill: none; stroke: currentColor; stroke-width: 2.4; stroke-linecap: round; }
.mark .b { fill: none; stroke: var(--sign); stroke-width: 2.4; stroke-linecap: round; }
.deed { inline-size: min(500px, 100%); background: var(--sheet); border: 1px solid var(--rule); border-radius: 12px; box-shadow: var(--shadow); }
.deed > header { padding: var(--s6) var(--s6) var(--s4); display: grid; gap: 6px; }
.deed > header p:not(.caution) { color: var(--quiet); }
.deed > section, .deed > form, .deed > details { padding: var(--s4) var(--s6); border-block-start: 1px solid var(--line); }
.deed > header + form { border-block-start: 0; padding-block: 0 var(--s6); }
.deed h2 { margin-block-end: var(--s2); }
form { display: grid; gap: var(--s4); }
[hidden][hidden] { display: none; }
details > form { padding-block-start: var(--s4); }
summary { cursor: pointer; color: var(--sign); }
label { display: grid; gap: var(--s1); font-weight: 550; }
label small { font: var(--t-note); color: var(--quiet); }
input:not([type='hidden']):not([type='checkbox']) { block-size: var(--h-control); inline-size: 100%; padding: 0 10px; border: 1px solid var(--edge); border-radius: var(--r-control); background: var(--sheet); font-weight: 400; }
input[aria-invalid='true']:not([type='hidden']):not([type='checkbox']) { border-color: var(--bad); }
.code { font: 0.875rem/1.25rem var(--mono); }
button, .button { display: inline-flex; align-items: center; justify-content: center; block-size: var(--h-control); padding: 0 14px; border: 1px solid var(--edge); border-radius: var(--r-control); background: var(--sheet); font-weight: 550; cursor: pointer; text-decoration: none; color: var(--ink); }
button:hover { border-color: var(--ink); background: var(--sunk); }
button.primary { background: var(--sign); border-color: var(--sign); color: var(--on-sign); }
button.primary:hover { background: var(--sign-strong); border-color: var(--sign-strong); }
button.danger { color: var(--bad); border-color: var(--bad); }
button.danger:hover { background: var(--bad-wash); }
button.bare { border-color: transparent; padding: 0 var(--s2); }
.wrong { display: grid; gap: var(--s1); padding: var(--s3); border: 1px solid var(--bad); border-radius: var(--r-control); background: var(--bad-wash); color: var(--bad); font-weight: 550; }
.done { padding: var(--s3); border: 1px solid var(--good); border-radius: var(--r-control); color: var(--good); }
.ways { display: grid; gap: var(--s2); }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: var(--s1) var(--s4); }
.facts dt { color: var(--quiet); }
.facts dd { overflow-wrap: anywhere; }
.rows li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: var(--s3); align-items: center; padding-block: var(--s2); }
.rows li + li { border-block-start: 1px dashed var(--line); }
.rows div { overflow-wrap: anywhere; }
.rows small { display: block; font: var(--t-note); color: var(--quiet); }
.rows form.inline { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: var(--s1) var(--s2); align-items: end; }
.rows form.inline small { grid-column: 1 / -1; }
.check { display: flex; gap: var(--s2); align-items: center; font-weight: 400; }
.scan { display: grid; gap: var(--s2); justify-items: center; text-align: center; }
.qr { inline-size: min(220px, 100%); background: #fff; border: 1px solid var(--line); border-radius: var(--r-control); }
.qr path { fill: #000; }
.codes { display: grid; grid-template-columns: repeat(auto-fill, minmax(180px, 1fr)); gap: var(--s2) var(--s4); padding-inline-start: var(--s5); }
.deed .caution { margin-block-end: var(--s2); }
.rows + form { margin-block-start: var(--s3); }
.deed > section > p + p { margin-block-start: var(--s3); }
.side { display: flex; flex-wrap: wrap; gap: var(--s2) var(--s4); align-items: center; justify-content: space-between; }
.answer { display: grid; grid-template-columns: 1fr 1fr; gap: var(--s3); padding: var(--s4) var(--s6); border-block-start: 3px double var(--rule); }
.answer button { block-size: 44px; }
.deed > .below { padding: 0 var(--s6) var(--s5); max-inline-size: none; }
.deed.deed { gap: 0; }
.caution { padding: var(--s2) var(--s3); border: 1px dashed var(--warn); border-radius: var(--r-control); color: var(--warn); }
.new { font: 600 0.6875rem/1rem var(--text); color: var(--sign); border: 1px solid currentColor; border-radius: 3px; padding: 0 4px; white-space: nowrap; }
.below { color: var(--quiet); font: var(--t-note); text-align: center; max-inline-size: 500px; }
.here { font: 600 0.6875rem/1rem var(--text); color: var(--good); border: 1px solid currentColor; border-radius: 3px; padding: 0 4px; white-space: nowrap; }
@media (max-width: 560px) {
  main { padding: var(--s5) var(--s3) var(--s6); }
  .deed > header { padding: var(--s5) var(--s4) var(--s3); }
  .rows li:has(> form.inline) { grid-template-columns: minmax(0, 1fr); }
  .deed > section, .deed > form, .deed > details, .answer, .deed > .below { padding-inline: var(--s4); }
}
@media (prefers-reduced-motion: no-preference) { button, .button { transition: background 140ms cubic-bezier(.2, 0, 0, 1), border-color 140ms cubic-bezier(.2, 0, 0, 1); } }
`

/**
 * Puts the code behind `#` of a link into the form. The address is cleaned first, so that neither history nor a page that is
 * opened from here shows it. On a machine of one's own a link that says so is sent at once; elsewhere a person presses the
 * button, since whoever sends a link could otherwise sign somebody in to an account of theirs.
 */
export const linkScript = `const form = document.querySelector('form[data-link]')
const [, now, code] = /^#(now\\.)?(.*)$/.exec(location.hash) ?? []
if (form && code) {
  history.replaceState(null, '', location.pathname)
  const field = form.elements.namedItem('code')
  field.value = code
  field.closest('label').hidden = true
  if (now && form.dataset.link === 'send') form.requestSubmit()
}
`

/** Hands the answer on to the client. */
export const sendScript = `document.querySelector('form[data-send]')?.submit()
`

/** The mark, as browsers show it beside the title. */
export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 26 26"><path fill="none" stroke="#0f1e22" stroke-width="2.4" stroke-linecap="round" d="M3 16.5C6.5 6.5 10.5 3.5 10.5 8c0 3.500-3.500 8.500-1.500 9 2 .5 3.200-5.500 5.200-5.500s.3 5 2.600 5c1.900 0 3.200-1.600 6.200-2.500"/><path fill="none" stroke="#1847c3" stroke-width="2.4" stroke-linecap="round" d="M3 22.500h20"/></svg>
`
