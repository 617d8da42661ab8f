import { WriteStream } from 'node:tty'
import { afterEach, expect, it, vi } from 'vitest'
import { fitColumns } from './columns.ts'
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

const name = (title: string) => ({ title, is: 'name' }) as const
const extra = (title: string) => ({ title, is: 'extra' }) as const

it('a table is aligned within 80 characters: names are cut, ids never, and emptiness is shown', () => {
  const rows = [
    ['a', 'x'.repeat(90)],
    ['long-id', null],
  ]
  const text = capture(() => printTable(['ID', name('NAME')], rows))
  expect(text).toBe(`ID       NAME\na        ${'x'.repeat(70)}…\nlong-id  -\n`)
  const long = 'i'.repeat(100)
  expect(capture(() => printTable(['ID', name('NAME')], [[long, 'x'.repeat(20)]]))).toContain(`${long}  xxxxxxx…\n`)
})

it('a table leaves out what does not fit beside names of 16 characters, from the right', () => {
  const columns = ['ID', name('NAME'), extra('EXPIRES'), extra('LAST USED')]
  const row = ['i'.repeat(20), 'n'.repeat(30), 'e'.repeat(20), 'l'.repeat(20)]
  const lines = capture(() => printTable(columns, [row])).split('\n')
  expect(lines[0]).toMatch(/^ID +NAME +EXPIRES$/)
  expect(lines[1]).toHaveLength(20 + 2 + 30 + 2 + 20)
  const wide = fitColumns(columns, [row], 120)
  expect(wide.map(({ width }) => width)).toEqual([20, 30, 20, 20])
})

it('words such as a status have their colour on a terminal alone, and NO_COLOR ends that', () => {
  const stdout = process.stdout as { isTTY: boolean; getColorDepth?: unknown }
  const { isTTY, getColorDepth } = stdout
  vi.stubEnv('NO_COLOR', undefined)
  vi.stubEnv('FORCE_COLOR', undefined)
  vi.stubEnv('CI', undefined)
  vi.stubEnv('TERM', 'xterm')
  const table = () =>
    capture(() =>
      printTable(
        ['ID', 'STATUS'],
        [
          ['a', 'active'],
          ['b', 'revoked'],
        ],
      ),
    )
  try {
    stdout.isTTY = false
    expect(table()).toBe('ID  STATUS\na   active\nb   revoked\n')
    stdout.isTTY = true
    stdout.getColorDepth = WriteStream.prototype.getColorDepth
    expect(table()).toContain('\x1b[32mactive ')
    expect(table()).toContain('\x1b[31mrevoked\x1b[39m')
    vi.stubEnv('NO_COLOR', '1')
    expect(table()).not.toContain('\x1b')
  } finally {
    stdout.isTTY = isTTY
    stdout.getColorDepth = getColorDepth
    vi.unstubAllEnvs()
  }
})

it('a record has a line an item where a member is a list, and rate limits as their flag takes them', () => {
  const text = capture(() =>
    printRecord({
      guards: [],
      ipAllow: ['192.0.2.0/24', '198.51.100.7/32'],
      secrets: [{ id: 'a', createdAt: 'then', expiresAt: null }],
      rateLimit: { limit: 100, windowSeconds: 60 },
      rateLimits: [{ name: 'burst', limit: 10, windowSeconds: 1 }],
      metadata: { limit: 3 },
    }),
  )
  expect(text.split('\n')).toEqual([
    'guards      -',
    'ipAllow     192.0.2.0/24',
    '            198.51.100.7/32',
    'secrets     a  createdAt then',
    'rateLimit   100/60s',
    'rateLimits  burst=10/1s',
    'metadata    {"limit":3}',
    '',
  ])
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
