/** Data goes to standard output, everything else to standard error. Colours only where a terminal shows them. */
import { styleText } from 'node:util'
import { type Column, fitColumns, titleOf } from './columns.ts'

export function printJson(value: unknown): void {
  process.stdout.write(`${escapeInJson(JSON.stringify(value))}\n`)
}

export function printLine(line: string): void {
  process.stdout.write(`${shown(line)}\n`)
}

export function note(line: string): void {
  process.stderr.write(`${shown(line)}\n`)
}

/**
 * Characters that a terminal would obey and not show: controls, and marks that turn the direction of text or take no room, so
 * that a name reads as another. The two joiners pass: scripts and emoji need them.
 */
const obeyed = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** Text that may be somebody else's, for a terminal. Our own line breaks and tabs stay. */
export function shown(text: string): string {
  return text.replace(obeyed, (character) =>
    character === '\n' || character === '\t' ? character : escapeOf(character),
  )
}

function escapeOf(character: string): string {
  const code = character.codePointAt(0) as number
  return code < 0x100 ? `\\x${code.toString(16)}` : `\\u{${code.toString(16)}}`
}

/** JSON has escapes of its own, and stands for the same text with them. */
function escapeInJson(json: string): string {
  return json.replace(obeyed, (character) =>
    Array.from({ length: character.length }, (_, index) => {
      return `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`
    }).join(''),
  )
}

/** A list says when it goes on. */
export function noteMore(next: string | null): void {
  if (next !== null) note(`there are more: --after ${next}`)
}

const colours = {
  active: 'green',
  ok: 'green',
  disabled: 'yellow',
  warn: 'yellow',
  expired: 'red',
  fail: 'red',
  revoked: 'red',
} as const

/** A word such as a status in its colour, on a terminal without `NO_COLOR`. */
export function coloured(word: string, padded: string = word): string {
  const colour = Object.hasOwn(colours, word) ? colours[word as keyof typeof colours] : undefined
  return colour === undefined ? padded : styleText(colour, padded, { stream: process.stdout })
}

/** Aligned columns under their names, within the terminal or 80 characters. Control characters are shown, never obeyed. */
export function printTable(columns: readonly Column[], rows: readonly (readonly unknown[])[]): void {
  const texts = rows.map((row) => row.map(cellText))
  const fitted = fitColumns(columns, texts, process.stdout.isTTY ? Math.max(80, process.stdout.columns) : 80)
  const line = (cells: readonly string[], paint: (cell: string, padded: string) => string): string =>
    fitted
      .map(({ index, width }) => {
        const cell = cut(cells[index] ?? '', width)
        return paint(cell, cell.padEnd(width))
      })
      .join('  ')
      .trimEnd()
  const bold = (_: string, padded: string): string => styleText('bold', padded, { stream: process.stdout })
  process.stdout.write(`${line(columns.map(titleOf), bold)}\n`)
  for (const cells of texts) process.stdout.write(`${line(cells, coloured)}\n`)
}

/** One record, a line a member, and a line an item where a member is a list. */
export function printRecord(record: { readonly [name: string]: unknown }): void {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined)
  const width = Math.max(...entries.map(([name]) => name.length))
  for (const [name, value] of entries) {
    const texts = Array.isArray(value) ? value.map(itemText) : [rateText(value) ?? cellText(value)]
    for (const [index, text] of (texts.length === 0 ? ['-'] : texts).entries())
      printLine(`${(index === 0 ? name : '').padEnd(width)}  ${text}`.trimEnd())
  }
}

/** An object is shown by its first member's value, then the names and values of the others. */
function itemText(item: unknown): string {
  const rate = rateText(item)
  if (rate !== undefined || typeof item !== 'object' || item === null) return rate ?? cellText(item)
  const [first, ...others] = Object.entries(item).filter(([, value]) => value !== null)
  return [cellText(first?.[1]), ...others.map(([name, value]) => `${name} ${cellText(value)}`)].join('  ')
}

/** A rate limit as its flag takes it; undefined for anything else. */
function rateText(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { name, limit, windowSeconds, ...others } = value as { readonly [name: string]: unknown }
  if (typeof limit !== 'number' || typeof windowSeconds !== 'number' || Object.keys(others).length > 0) return undefined
  return cellText(`${name === undefined ? '' : `${name}=`}${limit}/${windowSeconds}s`)
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text
}

function cellText(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-'
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  // A name that somebody else chose must not write on this terminal, nor begin another line of a table.
  return text.replace(obeyed, (character) => {
    const escaped = JSON.stringify(character).slice(1, -1)
    return escaped === character ? escapeOf(character) : escaped
  })
}
