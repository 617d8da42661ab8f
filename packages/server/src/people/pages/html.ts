/** HTML that is escaped by construction: a text becomes markup only where a file of this folder wrote it so. */

declare const escaped: unique symbol

/** Markup. Only `html` makes it. */
export interface Html {
  readonly [escaped]: true
  readonly text: string
}

/** The values that may stand in markup: a text is escaped, markup is not, nothing is nothing. */
export type Insertable = string | number | Html | readonly Html[] | undefined

/** Text and attribute values in double quotes alike. */
export function html(parts: TemplateStringsArray, ...values: readonly Insertable[]): Html {
  let text = parts[0] ?? ''
  for (const [index, value] of values.entries()) text += `${show(value)}${parts[index + 1] ?? ''}`
  return { text } as Html
}

function show(value: Insertable): string {
  if (value === undefined) return ''
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value))
  return 'text' in value ? value.text : value.map(({ text }) => text).join('')
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** A text as HTML shows it. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => escapes[character] as string)
}
