import { expect, it } from 'vitest'
import { circlesOf } from './check_circles.ts'

const source = (path: string, text: string) => ({ path, text })
const circlesWith = (text: string) =>
  circlesOf([source('a/x.ts', text), source('a/y.ts', "import { x } from './x.ts'\n")])

it.each([
  ['an import of a value', "import { y } from './y.ts'\n"],
  ['an import over several lines', "import {\n  type Y,\n  y,\n} from './y.ts'\n"],
  ['an import of types alone that still loads the module', "import { type Y } from './y.ts'\n"],
  ['an import for its effect', "import './y.ts'\n"],
  ['an export of what another module has', "export { y } from './y.ts'\n"],
  ['an export of everything', "export * from './y.ts'\n"],
])('%s closes a circle', (_, text) => {
  expect(circlesWith(text)).toEqual([['a/x.ts', 'a/y.ts', 'a/x.ts']])
})

it.each([
  ['an import of types', "import type { Y } from './y.ts'\n"],
  ['an export of types', "export type { Y } from './y.ts'\n"],
  ['an import when it is called', "const y = () => import('./y.ts')\n"],
  ['an import of another module', "import { z } from './z.ts'\n"],
])('%s closes none', (_, text) => {
  expect(circlesWith(text)).toEqual([])
})

it('a circle of three is found behind a module that is not part of it', () => {
  const sources = [
    source('a/start.ts', "import { one } from './one.ts'\n"),
    source('a/one.ts', "import { two } from './b/two.ts'\n"),
    source('a/b/two.ts', "import { three } from '../three.ts'\n"),
    source('a/three.ts', "import { one } from './one.ts'\n"),
  ]
  expect(circlesOf(sources)).toEqual([['a/one.ts', 'a/b/two.ts', 'a/three.ts', 'a/one.ts']])
})

it('a circle through a name of the package is found', () => {
  const sources = [
    source('packages/a/src/door.ts', "import { x } from './x.ts'\n"),
    source('packages/a/src/x.ts', "import { y } from '#door'\n"),
  ]
  const doors = new Map([['packages/a #door', ['packages/a/src/door.ts']]])
  expect(circlesOf(sources, doors)).toEqual([
    ['packages/a/src/door.ts', 'packages/a/src/x.ts', 'packages/a/src/door.ts'],
  ])
})
