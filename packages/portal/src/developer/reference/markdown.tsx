/**
 * Markdown of an API description as React elements: it comes from outside. HTML in it is left out, pictures are their words, and links
 * lead to http, https and mailto alone. A text of more than 20,000 characters is shown as it is: it could take long to read.
 */
import { Lexer, type Token, type Tokens } from 'marked'
import { createElement, Fragment, type ReactNode, useMemo } from 'react'
import { ScrollingPart, ScrollingText } from '../../shared/kit/scrolling.tsx'

const charactersMax = 20_000

export default function Markdown({ of }: { readonly of: string }): ReactNode {
  const shown = useMemo(() => read(of), [of])
  return <div className="markdown">{shown}</div>
}

function read(text: string): ReactNode {
  if (text.length > charactersMax) return <p className="plain">{text}</p>
  try {
    return elementsOf(new Lexer({ gfm: true }).lex(text))
  } catch {
    return <p className="plain">{text}</p>
  }
}

function elementsOf(tokens: readonly Token[] = []): ReactNode {
  return inPlace(
    Fragment,
    tokens.map((of) => createElement(Part, { of })),
  )
}

/** Its parts do not move, so that none needs a key. */
function inPlace(element: string | typeof Fragment, parts: readonly ReactNode[]): ReactNode {
  return createElement(element, null, ...parts)
}

const simple: Readonly<Record<string, string>> = {
  paragraph: 'p',
  blockquote: 'blockquote',
  strong: 'strong',
  em: 'em',
  del: 'del',
}

function Part({ of: token }: { readonly of: Token }): ReactNode {
  const element = simple[token.type]
  if (element !== undefined) return createElement(element, null, innerOf(token))
  switch (token.type) {
    case 'heading':
      // Below the headings of the page.
      return createElement(`h${Math.min(6, 3 + token.depth)}`, null, innerOf(token))
    case 'text':
      return token.tokens === undefined ? decode(token.text) : innerOf(token)
    case 'escape':
      return token.text
    case 'code':
      return <ScrollingText>{token.text}</ScrollingText>
    case 'codespan':
      return <code>{decode(token.text)}</code>
    case 'br':
      return <br />
    case 'hr':
      return <hr />
    case 'link':
      return <Anchor of={token as Tokens.Link} />
    case 'image':
      return token.text
    case 'list':
      return <List of={token as Tokens.List} />
    case 'table':
      return <Table of={token as Tokens.Table} />
    default:
      return null
  }
}

function innerOf(token: Token): ReactNode {
  return elementsOf('tokens' in token ? token.tokens : [])
}

function Anchor({ of: { href, tokens } }: { readonly of: Tokens.Link }): ReactNode {
  const url = URL.parse(decode(href))
  if (url === null || !/^(?:https?|mailto):$/.test(url.protocol)) return elementsOf(tokens)
  return (
    <a href={url.href} target="_blank" rel="noopener noreferrer">
      {elementsOf(tokens)}
    </a>
  )
}

function List({ of: { ordered, items } }: { readonly of: Tokens.List }): ReactNode {
  return inPlace(
    ordered ? 'ol' : 'ul',
    items.map(({ tokens }) => createElement('li', null, elementsOf(tokens))),
  )
}

function Table({ of: { header, rows } }: { readonly of: Tokens.Table }): ReactNode {
  const heads = header.map(({ tokens }) => createElement('th', { scope: 'col' }, elementsOf(tokens)))
  const lines = rows.map((row) =>
    inPlace(
      'tr',
      row.map(({ tokens }) => createElement('td', null, elementsOf(tokens))),
    ),
  )
  return (
    <ScrollingPart>
      <table>
        <thead>{inPlace('tr', heads)}</thead>
        {inPlace('tbody', lines)}
      </table>
    </ScrollingPart>
  )
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' }

/** The entities that people write; others stay as they are. */
function decode(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|(\w{2,4}));/g, (whole, number: string | undefined, name: string | undefined) => {
    if (name !== undefined) return entities[name] ?? whole
    const point = Number(number)
    return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : whole
  })
}
