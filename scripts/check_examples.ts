// Code that people copy compiles: every ```ts block of a README, of docs/ and of doc comments.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { typescript } from './compilers.ts'
import { isTestOnly, readSources, type Source } from './sources.ts'

/** A name that only its reader knows (`app`, `handler`, `issuer`) is no mistake; everything else is. */
export const unknownName = /error TS(2304|2552|18004):/

export function checkExamples(): readonly string[] {
  const documents = ['*.md', 'docs/**/*.md', 'packages/*/*.md', 'packages/*/src/**/*.ts'].flatMap(readSources)
  const examples = documents.filter(({ path }) => !isTestOnly(path)).flatMap(examplesOf)
  mkdirSync('node_modules/.cache', { recursive: true })
  const directory = mkdtempSync('node_modules/.cache/examples-')
  try {
    for (const [index, example] of examples.entries()) writeFileSync(join(directory, `${index}.ts`), example.code)
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(configuration))
    const { stdout } = spawnSync(typescript, ['--noEmit', '-p', directory], { encoding: 'utf8' })
    return stdout.split('\n').flatMap((line) => {
      const match = /(\d+)\.ts\((\d+),\d+\): (error .*)$/.exec(line)
      if (match === null || unknownName.test(line)) return []
      return [`${examples[Number(match[1])]?.path}: an example does not compile: ${match[3]}`]
    })
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const configuration = {
  extends: '../../../tsconfig.json',
  compilerOptions: { noUnusedLocals: false, noUnusedParameters: false, rootDir: '../../..' },
  include: ['*.ts'],
}

/** The samples of a document or a source, each as a module. */
export function examplesOf({ path, text }: Source): readonly { readonly path: string; readonly code: string }[] {
  const isMarkdown = path.endsWith('.md')
  const fence = isMarkdown ? /^```ts\n([\s\S]*?)^```/gm : /^ *\* ```ts\n([\s\S]*?)^ *\* ```/gm
  return [...text.matchAll(fence)].map(([, body = '']) => {
    const code = isMarkdown ? body : body.replace(/^ *\* ?/gm, '')
    return { path, code: asModule(code) }
  })
}

/**
 * Imports and global declarations stay at the top; the rest becomes the body of a function, so that an example may `await`
 * and `return`.
 */
function asModule(code: string): string {
  const top = /^import .*$|^declare global \{$[\s\S]*?^\}$/gm
  const imports = code.match(top) ?? []
  const body = code.replace(top, '').replace(/^export /gm, '')
  return `${imports.join('\n')}\nexport async function example() {\n${body}\n}\n`
}

if (import.meta.main) for (const problem of checkExamples()) process.stdout.write(`${problem}\n`)
