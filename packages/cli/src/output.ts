/** Data goes to standard output, everything else to standard error. */

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

export function printLine(line: string): void {
  process.stdout.write(`${line}\n`)
}

export function note(line: string): void {
  process.stderr.write(`${line}\n`)
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
  // A name that somebody else chose must not write on this terminal.
  return text.replace(/\p{Cc}/gu, (character) => {
    const escaped = JSON.stringify(character).slice(1, -1)
    return escaped === character ? `\\x${character.charCodeAt(0).toString(16)}` : escaped
  })
}
