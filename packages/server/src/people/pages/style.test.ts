import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { style } from './style.ts'

/** Colours by their name, of the first rule of a sheet. */
const colorsOf = (sheet: string): ReadonlyMap<string, string> =>
  new Map(
    [...sheet.matchAll(/(--[\w-]+): (light-dark\([^)]*\));/g)].reverse().map(([, name, value]) => [name, value]) as [
      string,
      string,
    ][],
  )

it('a colour of the pages is the one that the portal has under its name', () => {
  const portal = colorsOf(
    readFileSync(new URL('../../../../portal/src/shared/styles/tokens.css', import.meta.url), 'utf8'),
  )
  const pages = [...colorsOf(style)]
  expect(pages.length).toBeGreaterThan(10)
  expect(pages.filter(([name, value]) => portal.get(name) !== value)).toEqual([])
})
