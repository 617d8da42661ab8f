/** The draft of an application, or of its change. It lives in the address, so a reload, a sign-in or a proof brings it back. */
const names = [
  'type',
  'teamId',
  'name',
  'homepageUri',
  'logoUri',
  'redirectUris',
  'postLogoutRedirectUris',
  'offlineAccess',
  'access',
] as const

export type DraftName = (typeof names)[number]
/** The members that somebody has chosen. An empty one was emptied. */
export type ApplicationDraft = { readonly [Name in DraftName]?: string | undefined }

/** One line for each: of the others a line break is nothing. */
const lists: ReadonlySet<string> = new Set<DraftName>(['redirectUris', 'postLogoutRedirectUris', 'access'])
const lengthMax = 6_000

/** Anybody can write the address: control characters, also those that turn the direction, would hide what is sent. */
const hidden = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu
const hiddenInLines = /(?!\n)[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu

export function readApplicationDraft(search: Readonly<Record<string, unknown>>): ApplicationDraft {
  const read = names.map((name) => {
    const value = search[name]
    if (typeof value !== 'string') return [name, undefined]
    return [name, value.replace(lists.has(name) ? hiddenInLines : hidden, ' ').slice(0, lengthMax)]
  })
  return Object.fromEntries(read)
}

/** One item a line, an empty one too: somebody is about to write it. */
export function linesOf(value: string | undefined): readonly string[] {
  return value === undefined ? [] : value.split('\n')
}

/** The lines that say something. */
export function urisOf(value: string | undefined): string[] {
  return linesOf(value)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

export interface Access {
  readonly audience: string
  readonly scope: string
}

/** A line for each API: its audience, and behind it the scope. */
export function accessOf(value: string | undefined): Access[] {
  return urisOf(value).map((line) => {
    const [audience = '', ...tokens] = line.split(' ')
    return { audience, scope: tokens.join(' ') }
  })
}

export function accessText(access: readonly Access[]): string {
  return access.map(({ audience, scope }) => `${audience} ${scope}`.trim()).join('\n')
}
