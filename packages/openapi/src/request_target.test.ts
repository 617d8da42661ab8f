import { expect, it } from 'vitest'
import { readRequestPath } from './request_target.ts'

const lookAlikes = [
  '．',
  '．．',
  '․․',
  '‥',
  '…',
  '。．',
  '／',
  '＼',
  '﹨',
  '﹒',
  '⒈',
  '；',
  '％2e',
  '？',
  '＃',
  '℀',
  'a．．b',
]

it.each(lookAlikes)('%s is folded to a dot, a slash or another sign of a path by some server: refused', (text) => {
  for (const path of [`/${encodeURIComponent(text)}`, `/a/${encodeURIComponent(text)}/b`]) {
    expect(readRequestPath(path), path).toMatchObject({ kind: 'ambiguous' })
  }
})

it.each(['é', 'ａ', '日本語', '½', 'ﬁ', '½', 'Ω', '👩', '-', '~', '٫', '。'])('%s is a text like any other', (text) => {
  expect(readRequestPath(`/a/${encodeURIComponent(text)}`)).toMatchObject({ kind: 'path', segments: ['a', text] })
})

it.each(['a|b', 'a[1]', 'a^b'])('%s passes as fetch sends it', (text) => {
  expect(readRequestPath(`/t/${text}`)).toEqual({ kind: 'path', segments: ['t', text] })
})

it.each(['a"b', 'a<b', 'a`b', 'a{b', 'a\\b', 'a;b'])('%s does not pass', (text) => {
  expect(readRequestPath(`/t/${text}`)).toMatchObject({ kind: 'ambiguous' })
})
