import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findRefusals, notesOf, readVersion } from './release.ts'

describe('notes', () => {
  const changelog =
    '# Changelog\n\nAbout.\n\n## 0.2.0, unreleased\n\n- New: [limits](docs/limits.md).\n\n## 0.1.0\n\n- Old.\n'

  test('are the unreleased part alone, with links that lead to the tag', () => {
    const link = 'https://github.com/countersign/countersign/blob/v0.2.0/docs/limits.md'
    expect(notesOf(changelog, '0.2.0')).toBe(`# Countersign 0.2.0\n\n- New: [limits](${link}).\n`)
  })

  test('are refused for another version, for a released one, and when nothing is written', () => {
    expect(() => notesOf(changelog, '0.3.0')).toThrow('must begin with "## 0.3.0, unreleased"')
    expect(() => notesOf('# Changelog\n\n## 0.1.0\n\n- Old.\n', '0.1.0')).toThrow('must begin with')
    expect(() => notesOf('# Changelog\n', '0.1.0')).toThrow('must begin with')
    expect(() => notesOf('## 0.2.0, unreleased\n\n## 0.1.0\n\n- Old.\n', '0.2.0')).toThrow('is empty')
  })

  test('can be made of the changelog as it is', () => {
    expect(notesOf(readFileSync('CHANGELOG.md', 'utf8'), readVersion('.'))).toContain('Security:')
  })
})

describe('a checkout', () => {
  let root: string

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'countersign-checkout-'))
    write('0.2.0', { '@countersign/core': '0.2.0', zod: '4.0.0' })
    git('init', '--quiet', '--initial-branch', 'main')
    commit()
    git('tag', 'v0.1.0')
  })

  afterEach(() => rmSync(root, { recursive: true }))

  function git(...parameters: readonly string[]): void {
    execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.com', ...parameters], { cwd: root })
  }

  function commit(): void {
    git('add', '--all')
    git('commit', '--quiet', '--message', 'change')
  }

  function write(version: string, dependencies: object, rootVersion = version): void {
    mkdirSync(join(root, 'packages/verifier'), { recursive: true })
    writeFileSync(join(root, 'package.json'), JSON.stringify({ version: rootVersion }))
    writeFileSync(join(root, 'packages/verifier/package.json'), JSON.stringify({ version, dependencies }))
  }

  test('on a clean main with a raised version is released', () => {
    expect(findRefusals(root)).toEqual([])
  })

  test('on another branch is refused', () => {
    git('switch', '--quiet', '--create', 'other')
    expect(findRefusals(root)).toEqual(['this is the branch other, not main'])
  })

  test('with changes that are not committed is refused', () => {
    writeFileSync(join(root, 'new.ts'), '')
    expect(findRefusals(root)).toEqual(['there are changes that are not committed'])
  })

  test.each(['v0.2.0', 'v0.10.0', 'v1.0.0'])('whose version is not above %s is refused', (tag) => {
    git('tag', tag)
    expect(findRefusals(root)).toEqual([`version 0.2.0 is not above ${tag}: raise it first`])
  })

  test('with a package of another version is refused, and with one that names another by another version', () => {
    write('0.2.0', {}, '0.3.0')
    expect(() => findRefusals(root)).toThrow('packages/verifier/package.json: its version is 0.2.0, not 0.3.0')
    write('0.2.0', { '@countersign/core': '0.1.0' })
    expect(() => findRefusals(root)).toThrow('@countersign/core is 0.1.0, not 0.2.0')
  })
})
