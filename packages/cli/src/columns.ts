/**
 * The columns of a list. Ids are never cut, since they are copied; a `name` is cut to fit, and an `extra` is left out.
 * One record and `--json` show everything whole.
 */
export type Column = string | { readonly title: string; readonly is: 'name' | 'extra' }

export function titleOf(column: Column): string {
  return typeof column === 'string' ? column : column.title
}

export interface Fitted {
  readonly index: number
  readonly width: number
}

const gap = 2
/** Names are cut so far before an extra column is left out, and so far when nothing else helps. */
const nameCharacters = 16
const nameCharactersMin = 8

/** The columns that are shown within `width`, each with its own width. */
export function fitColumns(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): Fitted[] {
  const all = columns.map((column, index) => {
    const natural = Math.max(titleOf(column).length, ...rows.map((row) => row[index]?.length ?? 0))
    return { index, is: typeof column === 'string' ? 'id' : column.is, natural, width: natural }
  })
  const least = ({ is, natural }: (typeof all)[number], name: number): number =>
    is === 'name' ? Math.min(natural, name) : natural
  let shown = all
  for (;;) {
    const last = shown.findLast(({ is }) => is === 'extra')
    const needed = shown.reduce((sum, each) => sum + least(each, nameCharacters) + gap, -gap)
    if (last === undefined || needed <= width) break
    shown = shown.filter((each) => each !== last)
  }
  let over = shown.reduce((sum, each) => sum + each.width + gap, -gap) - width
  while (over > 0) {
    const names = shown.filter((each) => each.is === 'name' && each.width > nameCharactersMin)
    if (names.length === 0) break
    const widest = names.reduce((a, b) => (b.width > a.width ? b : a))
    widest.width--
    over--
  }
  return shown.map(({ index, width: fitted }) => ({ index, width: fitted }))
}
