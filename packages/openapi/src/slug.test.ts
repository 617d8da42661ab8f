import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deriveSlug } from './index.ts'

test.each([
  ['Box Platform API', 'box-platform-api'],
  ['  Crème  Brûlée (v2)! ', 'creme-brulee-v2'],
  ['Ｐｅｔｓ', 'pets'],
  ['', 'api'],
  [' \n', 'api'],
  [`${'x'.repeat(63)} y`, 'x'.repeat(63)],
  [`${'x'.repeat(62)} y`, 'x'.repeat(62)],
])('%j is %s', (title, slug) => {
  expect(deriveSlug(title)).toBe(slug)
})

test('titles without a single latin letter differ from each other', () => {
  expect(deriveSlug('注文')).toMatch(/^api-[0-9a-f]{8}$/)
  expect(deriveSlug('注文')).not.toBe(deriveSlug('請求'))
})

test('every slug is made of a-z, 0-9 and single dashes, is never empty and its own slug', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (title) => {
      const slug = deriveSlug(title)
      expect(slug).toMatch(/^[a-z0-9](?:-?[a-z0-9]){0,62}$/)
      expect(deriveSlug(slug)).toBe(slug)
    }),
  )
})
