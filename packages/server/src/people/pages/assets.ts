/** The files of the pages, each under a name that changes with its bytes. */
import { createHash } from 'node:crypto'
import { stronger } from '../colors.ts'
import type { PeopleSettings } from '../settings.ts'
import { passkeyScript } from './passkey_script.ts'
import { icon, linkScript, sendScript, style } from './style.ts'

interface Asset {
  readonly path: string
  readonly type: string
  readonly text: string
}

function asset(stem: string, ending: string, type: string, text: string): Asset {
  const version = createHash('sha256').update(text).digest('hex').slice(0, 12)
  return { path: `/assets/${stem}-${version}.${ending}`, type, text }
}

/** The icon of every page. */
export const iconAsset: Asset = asset('mark', 'svg', 'image/svg+xml', icon)
/** The style sheet of every page. */
export const styleAsset: Asset = asset('pages', 'css', 'text/css; charset=utf-8', style)
/** The script of a page that only hands on. */
export const sendAsset: Asset = asset('send', 'js', 'text/javascript; charset=utf-8', sendScript)
/** The script of the pages that links lead to. */
export const linkAsset: Asset = asset('link', 'js', 'text/javascript; charset=utf-8', linkScript)

/** The style sheet of the colours that a tenant has chosen: it stands after that of every page. */
export function colorsAsset({ accent, accentDark }: NonNullable<PeopleSettings['colors']>): Asset {
  const strong = `light-dark(${stronger(accent, 'light')}, ${stronger(accentDark, 'dark')})`
  const text = `:root { --sign: light-dark(${accent}, ${accentDark}); --sign-strong: ${strong}; }\n`
  return asset('colors', 'css', 'text/css; charset=utf-8', text)
}

/** Where a picture is, by the SHA-256 of its bytes. */
export function logoPath(digest: string): string {
  return `/assets/logo/${digest}`
}
/** The script of the pages that ask for a passkey. */
export const passkeyAsset: Asset = asset('passkey', 'js', 'text/javascript; charset=utf-8', passkeyScript)
