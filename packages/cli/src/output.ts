/** Data goes to standard output, everything else to standard error. */

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

/** A wider cell is cut in a list; one record and `--json` show it whole. */
const cellCharactersMax = 60

/** Aligned columns under their names. Control characters are shown, never obeyed. */
export function printTable(columns: readonly string[], rows: readonly (readonly unknown[])[]): void {
  const cells = [columns, ...rows.map((row) => row.map((value) => cut(cellText(value))))]
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => row[index]?.length ?? 0)))
  for (const row of cells) {
    printLine(
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
  }
}

/** One record, a line a member. */
export function printRecord(record: { readonly [name: string]: unknown }): void {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined)
  const width = Math.max(...entries.map(([name]) => name.length))
  for (const [name, value] of entries) printLine(`${name.padEnd(width)}  ${cellText(value)}`.trimEnd())
}

function cut(text: string): string {
  return text.length > cellCharactersMax ? `${text.slice(0, cellCharactersMax - 1)}…` : text
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
