import { expect, it } from 'vitest'
import { isTestOnly, readSources } from './sources.ts'

const sources = readSources('packages/*/src/**/*.{ts,tsx}').filter(({ path }) => !isTestOnly(path))

function mentioning(pattern: RegExp): readonly string[] {
  return sources.filter(({ text }) => pattern.test(text)).map(({ path }) => path)
}

const cryptoModules = /from '(?:node:)?crypto'|(?:require|import)\('(?:node:)?crypto'\)/

it('CVE-2026-27804 CVE-2026-11800 CVE-2026-1529: no package has a second way to check a signature', () => {
  expect(sources.some(({ path }) => path.startsWith('packages/server/'))).toBe(true)
  // The primitives, and who calls them.
  expect(mentioning(/\bverifyBytes\b/)).toEqual([
    'packages/core/src/crypto/node.ts',
    'packages/core/src/crypto/port.ts',
    'packages/core/src/crypto/web.ts',
    'packages/core/src/jws/verify.ts',
  ])
  expect(mentioning(/\bverifyJws[<(]/)).toEqual(['packages/core/src/jws/verify.ts', 'packages/core/src/jwt/verify.ts'])
  // Node's and the web's own, by whatever name they are reached.
  expect(mentioning(/\b(?:crypto|webcrypto|subtle)\s*(?:\.|\?\.|\[')\s*verify|\bcreateVerify\b/)).toEqual([
    'packages/core/src/crypto/web.ts',
  ])
  const fromNode = sources.filter(({ text }) => cryptoModules.test(text))
  for (const { path, text } of fromNode) {
    // Each name by itself: from a module taken as a whole, anything could be called.
    expect(text, path).not.toMatch(/import\s+(?:\w+\s*,?|\*\s+as\s+\w+)\s*(?:\{[^}]*\}\s*)?from '(?:node:)?crypto'/)
    expect(text, path).not.toMatch(/(?:require|import)\('(?:node:)?crypto'\)/)
    const names = [...text.matchAll(/import\s*\{([^}]*)\}\s*from '(?:node:)?crypto'/g)].flatMap(([, list]) =>
      (list as string).split(',').map((name) => name.trim().replace(/\s+as\s.*/s, '')),
    )
    if (path !== 'packages/core/src/crypto/node.ts') expect(names, path).not.toContain('verify')
  }
  // Nor does a dependency do it.
  expect(mentioning(/from '(?:jose|jsonwebtoken|fast-jwt|oauth4webapi|openid-client)'/)).toEqual([])
})
