import type { IconName } from '../kit/icon.tsx'
import { text } from '../text.ts'

/** The screens that there are, with the address of each, its picture and its name. */
export const screens = [
  ['/', 'house', text.frame.home],
  ['/keys', 'key', text.keys.title],
  ['/applications', 'window', text.frame.applications],
  ['/connections', 'link', text.frame.connections],
  ['/usage', 'bars', text.frame.usage],
  ['/reference', 'book', text.frame.reference],
  ['/debugger', 'glass', text.frame.debugger],
  ['/team', 'people', text.frame.team],
] as const satisfies readonly (readonly [string, IconName, string])[]

export type ScreenPath = (typeof screens)[number][0]
