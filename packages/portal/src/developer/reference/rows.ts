/** The rows of the list: the operations that match, below their tags. */
import type { Named } from './operation_names.ts'

export type Row =
  | { readonly tag: string; readonly many: number }
  | { readonly operation: Named; readonly number: number }

/** Every word must be in the method, path, name, summary or a tag. Tags stand in the order of the document. */
export function rowsOf(operations: readonly Named[], query: string): readonly Row[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  const found = operations.filter((operation) => {
    const text = wordsOf(operation)
    return words.every((word) => text.includes(word))
  })
  let number = 0
  return [...Map.groupBy(found, ({ tags }) => tags[0] ?? '')].flatMap(([tag, all]) => [
    { tag, many: all.length },
    ...all.map((operation) => ({ operation, number: ++number })),
  ])
}

const known = new WeakMap<Named, string>()

function wordsOf(operation: Named): string {
  const { method, route, name, summary = '', tags } = operation
  const text = known.get(operation) ?? [method, route, name, summary, ...tags].join(' ').toLowerCase()
  known.set(operation, text)
  return text
}
