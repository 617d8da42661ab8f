import { afterEach, expect, it, vi } from 'vitest'
import { printRecord, printTable } from './output.ts'

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
