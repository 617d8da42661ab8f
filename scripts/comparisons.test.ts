import { describe, expect, it } from 'vitest'
import { isTestOnly, readSources, type Source } from './sources.ts'

/** Values that could be guessed piece by piece if comparing them took longer the more of them is right. */
const guessable = /(?:mac|digest|signature|secret|hash|checksum|chain|link|password|credential)$/i

/** Comparisons that stay, with why the time they take tells nothing. */
const exceptions: Readonly<Record<string, string>> = {
  'packages/server/src/management/idempotency.ts: found.bodyDigest !== idempotency.record.bodyDigest':
    'a digest without a key, of bodies that the caller himself sent',
  'packages/server/src/feed/feed_answers.ts: chain === place.chain':
    'a digest without a key, of entries that the asker may read',
  'packages/server/src/feed/feed_answers.ts: head.chain === place.chain':
    'a digest without a key, of entries that the asker may read',
  'packages/server/src/feed/feed_answers.ts: known === chain':
    'a digest without a key, of entries that the asker may read; the seal beside it is compared in constant time',
  "packages/server/src/feed/books/book_shelf.ts: entry.chain === hash('sha256', chainInput(place.chain, entry), 'base64url')":
    'a digest without a key, of entries that the database itself holds',
  'packages/server/src/feed/books/own_history.ts: head.chain !== own.chain':
    'the database’s and the server’s own: nobody presents one',
  'packages/server/src/feed/books/book_shelf.ts: head.chain === place.chain':
    'the database’s and the server’s own: nobody presents one',
  'packages/server/src/feed/books/own_history.ts: known !== chain':
    'of a place whose seal was compared in constant time before',
  'packages/server/src/feed/books/book_shelf.ts: own.chain !== from.chain':
    'the database’s and the server’s own: nobody presents one',
  'packages/portal/src/developer/debugger.tsx: readPaste(next)?.credential !== paste?.credential':
    'two texts that the person typed into one box of the page: nobody presents them',
  'packages/portal/src/shared/pasted_key.ts: keyChecksum(text.slice(0, -6)) === checksum':
    'a checksum of what the person pasted, made in the page',
  'packages/server/src/management/clients/shown.ts: before.logo.digest !== client.logo?.digest':
    'the digest of a picture that everybody may see',
  'packages/server/src/management/people/settings.ts: before.logo.digest !== content.logo?.digest':
    'the digest of a picture that everybody may see',
  'packages/store/src/feed/epoch.ts: chain !== claim.chain':
    'of a place whose seal was compared in constant time before',
  'packages/store/src/feed/audit_link.ts: said.value === link':
    'two rows of the database: whoever could present one has the database',
  'packages/verifier/src/feed/followed_book.ts: entry.chain !== chain':
    'a digest without a key, of entries that the server itself sent',
  'packages/verifier/src/book/status_book.ts: heard.chain !== entry.chain':
    'digests without a key, of two answers of the server: nobody else presents one',
  'packages/verifier/src/book/status_book.ts: known.chain !== chain':
    'digests without a key, of two answers of the server: nobody else presents one',
  'packages/verifier/src/known/known_credentials.ts: entry?.digest === digest':
    'the digest of the very text that was presented: it opens nothing, and nobody finds texts for one of his choice',
  'packages/verifier/src/known/known_credentials.ts: unknown?.digest !== digest':
    'the digest of the very text that was presented: it opens nothing, and nobody finds texts for one of his choice',
  'packages/verifier/src/request.ts: read.text === credential': 'two texts of the same request: its caller has both',
  'packages/verifier/src/http/feed_source.ts: place.chain === other.chain':
    'the verifier’s own two places: nothing that anybody presents',
  'packages/verifier/src/testing/log.ts: chain === question.chain':
    'the feed of the tests of an API’s owner, which no server keeps',
}

const sources = readSources('packages/*/src/**/*.{ts,tsx}').filter(({ path }) => !isTestOnly(path))

/** `a.b.c`, `c(…)` and `c[…]` are all called c. */
function lastName(side: string): string {
  const [name = ''] = /[\w$]+$/.exec(side.replace(/(?:\(.*\)|\[.*\]|[!?])+$/s, '')) ?? []
  return name
}

/** The parts of a line that `&&`, `||` and their like hold apart, of those that compare two things by `===` or `!==`. */
function comparisonsOf({ path, text }: Source): readonly string[] {
  const code = text.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '').replaceAll(/\s*([!=]==)\s*/g, ' $1 ')
  const parts = code.split(/&&|\|\||\n|;|=>| \? | : |\breturn\b|\bif \(|(?<![!=])= | \{/)
  return parts.flatMap((part) => {
    const [left, operator, right] = part.split(/ ([!=]==) /).map((side) => side.trim())
    if (left === undefined || operator === undefined || right === undefined) return []
    const sides = [reverse(withinBrackets(reverse(left), ')', '(')), withinBrackets(right, '(', ')')]
    if (sides.some((side) => /^(?:undefined|null|true|false|-?\d+|'.*')$/.test(side))) return []
    return sides.some((side) => guessable.test(lastName(side))) ? [`${path}: ${sides.join(` ${operator} `)}`] : []
  })
}

/** Up to the bracket whose other half is not in it: where the condition of an `if`, or a call around it, begins or ends. */
function withinBrackets(side: string, opening: string, closing: string): string {
  let depth = 0
  for (const [index, character] of [...side].entries()) {
    if (character === opening) depth++
    else if (character === closing && --depth < 0) return side.slice(0, index)
  }
  return side
}

const reverse = (text: string): string => [...text].reverse().join('')

describe('CVE-2026-21713: what is secret is compared in constant time', () => {
  it('the search finds comparisons as they are written', () => {
    const text = [
      'if (given.mac !== macOf(a, b)) throw refused()',
      'return event.sequence === sequence && event.link === link ? link : undefined',
      'const isSame = digest(text) ===\n    record.digest',
      'if (secret === undefined || kind === other || left.length !== signature.length) return',
      '// mac === mac',
    ].join('\n')
    expect(comparisonsOf({ path: 'a', text })).toEqual([
      'a: given.mac !== macOf(a, b)',
      'a: event.link === link',
      'a: digest(text) === record.digest',
    ])
  })

  it('no MAC, digest, signature or secret is compared by === or !==, but for what is listed here with its reason', () => {
    expect(sources.length).toBeGreaterThan(200)
    expect(sources.flatMap(comparisonsOf).sort()).toEqual(Object.keys(exceptions).sort())
  })

  it('nor by methods that stop at the first difference', () => {
    const found = sources.filter(({ text }) => /\.equals\(|Buffer\.compare\(|\.localeCompare\(/.test(text))
    // Each orders or compares names, ids or times, which are no secrets.
    expect(found.map(({ path }) => path).sort()).toEqual([
      'packages/portal/src/developer/applications/form/access_choices.ts',
      'packages/portal/src/developer/home/attention.ts',
      'packages/portal/src/developer/keys/bulk/revoke_many.tsx',
      'packages/store/src/page.ts',
    ])
  })

  it('every file that makes a MAC compares it by timingSafeEqual, or never compares it', () => {
    const withMac = sources.filter(({ text }) => /\bcreateHmac\b/.test(text))
    const comparing = withMac.filter(({ text }) => /timingSafeEqual\(/i.test(text)).map(({ path }) => path)
    expect(comparing).toEqual([
      'packages/core/src/crypto/node.ts',
      'packages/server/src/keys/mac.ts',
      'packages/server/src/management/lists/cursor.ts',
      'packages/server/src/people/factors/totp.ts',
      'packages/store/src/feed/audit_link.ts',
    ])
    expect(withMac.map(({ path }) => path).filter((path) => !comparing.includes(path))).toEqual([])
  })
})
