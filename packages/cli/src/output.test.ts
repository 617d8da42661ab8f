import { afterEach, expect, it, vi } from 'vitest'
import { printJson, printLine, printRecord, printTable, shown } from './output.ts'

afterEach(() => vi.restoreAllMocks())

function capture(print: () => void): string {
  let text = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk)
    return true
  })
  print()
  return text
}

it('a table is aligned, cut where a cell is wide, and shows emptiness', () => {
  const text = capture(() =>
    printTable(
      ['ID', 'NAME'],
      [
        ['a', 'x'.repeat(90)],
        ['long-id', null],
      ],
    ),
  )
  expect(text).toBe(`ID       NAME\na        ${'x'.repeat(59)}…\nlong-id  -\n`)
})

it('a name that somebody else chose is shown and never obeyed by the terminal', () => {
  const text = capture(() => printRecord({ name: 'a\x1b[2Jb\nc\x7fd\x9be' }))
  expect(text).toBe('name  a\\u001b[2Jb\\nc\\x7fd\\x9be\n')
})

it('marks that turn the direction of text, or take no room, are shown in tables, lines and notes', () => {
  const hostile = 'gpj.\u202eexe\u2066\u200b\u2028\u{e0041}\ufeff'
  const expected = 'gpj.\\u{202e}exe\\u{2066}\\u{200b}\\u{2028}\\u{e0041}\\u{feff}'
  expect(capture(() => printRecord({ name: hostile }))).toBe(`name  ${expected}\n`)
  expect(capture(() => printTable(['NAME'], [[hostile]]))).toContain(expected)
  expect(capture(() => printLine(`created ${hostile}`))).toBe(`created ${expected}\n`)
  expect(shown(`a\r\x1b]0;title\x07b\n\tc`)).toBe('a\\xd\\x1b]0;title\\x7b\n\tc')
})

it('names in scripts that need joiners, and emoji, are left as they are', () => {
  const names = ['نام\u200cها', '👩\u200d👩\u200d👧', 'עברית', 'naïve', '日本語']
  for (const name of names) expect(shown(name)).toBe(name)
})

it('JSON has the same escaped its own way, and is the same text when it is read', () => {
  const value = { name: 'a\u202eb\u{e0041}\x7f\u009b' }
  const text = capture(() => printJson(value))
  expect(text).toMatch(/^[\x20-\x7e]+\n$/)
  expect(JSON.parse(text)).toEqual(value)
})
