/** The place that a text names which is no id: a screen, operations of the reference, or keys of that name. */
import { mayHoldSecret } from '../pasted_key.ts'
import { type ScreenPath, screens } from './screens.ts'

export type FoundPlace = { readonly screen: ScreenPath } | { readonly operations: string } | { readonly keys: string }

const method = /^(?:get|put|post|delete|options|head|patch|trace)\s+\S/i
const charactersMax = 200

/** `undefined` for nothing, and for a text that may hold a secret: it goes into no address. */
export function foundPlace(written: string): FoundPlace | undefined {
  const words = written.trim()
  if (words === '' || words.length > charactersMax || mayHoldSecret(words)) return undefined
  const screen = screens.find(([, , title]) => isNamed(title.toLowerCase(), words.toLowerCase()))
  if (screen !== undefined) return { screen: screen[0] }
  return words.startsWith('/') || method.test(words) ? { operations: words } : { keys: words }
}

/** By its whole name, or the last word of it: `keys`, `reference`. */
function isNamed(title: string, words: string): boolean {
  return title === words || title.split(' ').at(-1) === words
}
