import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { findGlossaryProblems } from './check_glossary.ts'
import { findHuntProblems } from './check_hunts.ts'
import { findCommentProblems, findDocumentProblems, type Repository } from './check_references.ts'

const files: Readonly<Record<string, string>> = {
  'docs/feed.md': '# Feed\n\n## 1. The log\n\n### 1.1. The chain\n\n## Not `numbered` (yet)\n',
  'packages/core/src/grant.ts': 'export interface Grant {}\n',
}
const repository: Repository = {
  paths: new Set([...Object.keys(files), 'docs', 'packages', 'packages/core', 'scripts']),
  read: (path) => files[path] ?? '',
  npmScripts: new Set(['check']),
  commands: new Set(['keys']),
}

describe('a document', () => {
  const find = (text: string) => findDocumentProblems({ path: 'docs/a.md', text }, repository)

  it.each([
    'a [file](feed.md), a [heading](feed.md#1-the-log), [one](feed.md#not-numbered-yet) with punctuation',
    'a [folder](../packages/core/), a page [elsewhere](https://example.com/x.md#y)',
    '`npm run check`, `packages/core/src/grant.ts`, `core/grant.ts`, `grant.ts`, `countersign keys list`',
    '```sh\nnpx countersign keys list\nnpm run check\n```',
    'the rule of docs/feed.md §1 and §1.1',
    'a `[link](nowhere.md)` that is shown, a pattern `packages/*/x.ts`, one of yours `./openapi.yaml`',
  ])('has no problem: %s', (text) => {
    expect(find(text)).toEqual([])
  })

  it.each([
    ['a link to no file', 'a [file](gone.md)'],
    ['a link to no heading', 'a [heading](feed.md#2-the-rest)'],
    ['a link to no heading of its own', '[here](#there)'],
    ['a script that does not exist', '```sh\nnpm run gone\n```'],
    ['a command that does not exist', '`countersign gone`'],
    ['a path that does not exist', '```sh\nnode scripts/gone.ts\n```'],
    ['a source file that does not exist', 'see `gone.ts`'],
    ['a section that does not exist', 'the rule of docs/feed.md §3'],
  ])('with %s has one', (_, text) => {
    expect(find(text)).toHaveLength(1)
  })
})

describe('a comment', () => {
  const find = (text: string) => findCommentProblems({ path: 'packages/core/src/a.ts', text }, repository)

  it.each([
    '// docs/feed.md §1 has the reason',
    '/**\n * As docs/feed.md\n * §1.1 says, and RFC 7519 §4.1.\n */',
    "const text = 'feed.md §7 and gone.ts' // a text is no comment",
    "fetch('https://example.com/docs/gone.md')",
  ])('leads somewhere: %s', (text) => {
    expect(find(text)).toEqual([])
  })

  it.each([
    ['a section that is not there', '/** docs/feed.md §2. */'],
    ['a document that is not there', '// see docs/gone.md'],
    ['a number alone', '// for the reason of invariant 7'],
    ['a path that moved', '// packages/core/src/gone.ts does the rest'],
    ['a section on the next line', '/**\n * the rule of docs/feed.md\n * §9\n */'],
  ])('with %s does not', (_, text) => {
    expect(find(text)).toHaveLength(1)
  })

  it('that names a document without its folder leads nowhere', () => {
    expect(find('// feed.md §1')).not.toEqual([])
  })
})

describe('a hunt', () => {
  const tree: Readonly<Record<string, string>> = {
    'ARCHITECTURE.md': 'the [first](packages/server/src/a.ts)',
    'packages/server/src/a.ts': "import { b } from './b.ts'\nimport { c, type D } from '@countersign/core'\n",
    'packages/server/src/b.ts': 'export const b = 1\n',
    'packages/core/src/c.ts': 'export const c = 1\nexport interface D {}\n',
    'packages/core/src/e.ts': 'export const e = 1\n',
  }
  const step = (file: string) => `[x](../packages/${file})`
  const find = (...steps: readonly string[]) => {
    const list = steps.map((text, index) => `${index + 1}. ${text}\n`).join('')
    return findHuntProblems(
      { path: 'docs/hunts.md', text: `# Hunts\n\n## Where?\n\n${list}` },
      (path) => tree[path] ?? '',
    )
  }

  it('follows links, imports, and imports of another package', () => {
    expect(find(`${step('server/src/a.ts')}: \`import\``)).toEqual([])
    expect(find(step('server/src/a.ts'), `${step('server/src/b.ts')}: \`b = 1\``)).toEqual([])
    expect(find(step('server/src/a.ts'), `${step('core/src/c.ts')}: \`c\``)).toEqual([])
  })

  it.each([
    ['whose first step is not in ARCHITECTURE.md', [`${step('server/src/b.ts')}: \`b\``]],
    ['with a step that nothing leads to', [step('server/src/a.ts'), `${step('core/src/e.ts')}: \`e\``]],
    ['that finds something else', [step('server/src/a.ts'), `${step('server/src/b.ts')}: \`gone\``]],
    ['that does not say what is found', [step('server/src/a.ts')]],
    ['of four hops', Array.from({ length: 4 }, () => step('server/src/a.ts'))],
    ['without steps', []],
  ])('%s is a problem', (_, steps) => {
    expect(find(...steps)).toHaveLength(1)
  })
})

describe('the glossary', () => {
  const find = (...rows: readonly string[]) =>
    findGlossaryProblems({ path: 'docs/glossary.md', text: rows.join('\n') }, (path) => files[path] ?? '')
  const row = (word: string, identifier: string) =>
    `| ${word} | a | [\`${identifier}\`](../packages/core/src/grant.ts) |`

  it('gives each word one meaning, in a file that has it', () => {
    expect(find(row('grant', 'Grant'))).toEqual([])
    expect(find(row('grant', 'Gran'))).toHaveLength(1)
    expect(find(row('grant', 'Grant'), row('grant', 'Grant'))).toHaveLength(1)
    expect(find('no table')).toHaveLength(1)
  })
})

describe('CONTRIBUTING.md', () => {
  const text = readFileSync('CONTRIBUTING.md', 'utf8')

  it.each(['A grant', 'A kind of credential', 'A management resource', 'A setting', 'A migration'])(
    '%s: each file of its list exists',
    (heading) => {
      const [, section = ''] = text.split(`### ${heading}\n`)
      const list = section.slice(0, section.indexOf('\n#'))
      const links = [...list.matchAll(/\]\(([^)#]+)\)/g)].map(([, link = '']) => link)
      expect(links.length).toBeGreaterThan(2)
      expect(links.filter((link) => !existsSync(link))).toEqual([])
    },
  )
})

describe('ARCHITECTURE.md', () => {
  it('has every room of the server', () => {
    const folder = 'packages/server/src'
    const rooms = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    const text = readFileSync('ARCHITECTURE.md', 'utf8')
    const isNamed = (name: string): boolean => text.includes(`${folder}/${name}) |`) || name === 'simulation'
    expect(rooms.map(({ name }) => name).filter((name) => !isNamed(name))).toEqual([])
  })
})
