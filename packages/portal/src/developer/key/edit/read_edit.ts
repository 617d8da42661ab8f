/** The members of a key that somebody has changed in the form, as the address keeps them. What is not there stays as it is. */
import { cleanText } from '../../new/draft.ts'

const names = ['name', 'note', 'scope', 'days', 'ipAllow', 'originAllow', 'limit', 'windowSeconds'] as const

export type EditName = (typeof names)[number]
/** An empty text takes something away. */
export type Edit = { readonly [Name in EditName]?: string | undefined }

export function readEdit(search: Readonly<Record<string, unknown>>): Edit {
  const read = names.map((name) => {
    const value = search[name]
    return [name, typeof value === 'string' ? cleanText(value) : undefined]
  })
  return Object.fromEntries(read)
}
