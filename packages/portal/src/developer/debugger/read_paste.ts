/** The credential in what somebody pasted: itself, a header, or a `curl` command. Nothing is checked yet. */

export interface Paste {
  readonly credential: string
  readonly from: 'text' | 'header' | 'curl'
  /** The call of a `curl` command, without its query. */
  readonly call?: { readonly method: string; readonly path: string }
}

/** `undefined` where there is no credential in it. */
export function readPaste(text: string): Paste | undefined {
  const trimmed = text.trim().replace(/^\$\s+/, '')
  if (/^curl\s/.test(trimmed)) return readCurl(trimmed)
  const header = ofHeader(trimmed)
  if (header !== undefined) return { credential: header, from: 'header' }
  // Quotes of a file or a program around it, and line breaks of a terminal in it.
  const credential = trimmed.replace(/^(["'`])(.*)\1$/s, '$2').replace(/\s*\n\s*/g, '')
  return credential === '' ? undefined : { credential, from: 'text' }
}

function ofHeader(line: string): string | undefined {
  const [, basic] = /^(?:authorization:\s*)?basic\s+([\w+/=-]+)$/i.exec(line) ?? []
  if (basic !== undefined) return userOf(basic)
  const [, credential] = /^(?:authorization:\s*)?bearer\s+(\S+)$/i.exec(line) ?? /^[\w-]+:\s*(\S+)$/.exec(line) ?? []
  return credential
}

/** A key may be the user name of Basic, with an empty password. */
function userOf(basic: string): string | undefined {
  try {
    return atob(basic).replace(/:.*$/s, '') || undefined
  } catch {
    return undefined
  }
}

function readCurl(command: string): Paste | undefined {
  const words = wordsOf(command.replace(/\\\r?\n/g, ' ')).slice(1)
  let credential: string | undefined
  let method: string | undefined
  let url: string | undefined
  let hasBody = false
  for (let at = 0; at < words.length; at++) {
    const [, flag = '', joined] = /^(--[\w-]+|-[A-Za-z])=?(.+)?$/s.exec(words[at] ?? '') ?? []
    if (flag === '') {
      url ??= words[at]
      continue
    }
    if (!valued.has(flag)) continue
    const value = joined ?? words[++at] ?? ''
    if (flag === '-H' || flag === '--header')
      credential ??= /^(?:authorization|[\w-]*key):/i.test(value) ? ofHeader(value) : undefined
    else if (flag === '-u' || flag === '--user') credential ??= value.replace(/:.*$/s, '')
    else if (flag === '--oauth2-bearer') credential ??= value
    else if (flag === '-X' || flag === '--request') method = value
    else if (flag === '--url') url = value
    else if (flag.startsWith('-d') || flag.startsWith('--data') || flag === '--json') hasBody = true
  }
  if (credential === undefined || credential === '') return undefined
  const path = url === undefined ? undefined : URL.parse(/^https?:/.test(url) ? url : `http://${url}`)?.pathname
  if (path === undefined) return { credential, from: 'curl' }
  return { credential, from: 'curl', call: { method: method ?? (hasBody ? 'POST' : 'GET'), path } }
}

/** The options of `curl` that take a word, as far as people paste them. */
const valued = new Set(
  '-H --header -u --user -X --request --url --oauth2-bearer -d --data --data-raw --data-binary --data-urlencode --json -o --output -A --user-agent -b --cookie -e --referer -m --max-time --connect-timeout -x --proxy --cacert -w --write-out -F --form'.split(
    ' ',
  ),
)

/** As a shell would part them; variables stay as they are. */
function wordsOf(command: string): readonly string[] {
  const found = command.matchAll(/(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\])+/gs)
  return Array.from(found, ([word]) =>
    word.replace(
      /'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)/gs,
      (_, single, double, escaped) => single ?? double?.replace(/\\(.)/gs, '$1') ?? escaped,
    ),
  )
}
