import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const source = join(import.meta.dirname, '../..')
const shownIn = [join(source, 'developer/kit.tsx'), ...globSync(join(import.meta.dirname, '*.tsx'))]
  .map((path) => readFileSync(path, 'utf8'))
  .join('\n')

it('every file of the kit is shown, by its name and by what it exports', () => {
  const files = globSync('**/*.tsx', { cwd: join(source, 'shared/kit') })
  expect(files.length).toBeGreaterThan(20)
  const missing = files.filter((file) => !shownIn.includes(`<Shown of="${file}">`))
  expect(missing, 'show each in developer/kit').toEqual([])
  const parts = files.flatMap((file) =>
    [...readFileSync(join(source, 'shared/kit', file), 'utf8').matchAll(/^export function ([A-Z]\w*)/gm)].map(
      ([, name]) => name as string,
    ),
  )
  // The frame has the place of toasts, and a heading of its own is on each screen; the sides of a comparison stand within the checks.
  const inside = ['Toasts', 'Compared']
  expect(parts.filter((name) => !inside.includes(name) && !shownIn.includes(`<${name}`))).toEqual([])
})
