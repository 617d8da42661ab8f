import { expect, it } from 'vitest'
import { undocumented } from './check_exports.ts'

const source = `/** A key. */
export interface Key {
  /** Its id. */
  readonly id: string
  readonly name: string
  /** Its client. */
  readonly client: {
    readonly id: string
  }
}

export type Word = 'one' | 'two'

/** A book. */
export class Book {
  readonly #pages = 3

  constructor(readonly title: string) {}

  /** The number of pages. */
  get size(): number {
    return this.#pages
  }

  read(page: number): string {
    return String(page)
  }
}

/** A guard. */
export type Guard = (
  request: string,
  next?: () => void,
) => boolean
`

it.each([
  ['Key', ['Key.name has no doc comment', 'Key.id has no doc comment']],
  ['Word', ['Word is exported without a doc comment']],
  ['Book', ['Book.read has no doc comment']],
  ['Guard', []],
  ['Other', ['Other is exported from a place that this check does not find']],
])('an export is documented with its members at any depth: %s', (name, found) => {
  expect(undocumented('a.ts', source, name)).toEqual(found.map((text) => `a.ts: ${text}`))
})
