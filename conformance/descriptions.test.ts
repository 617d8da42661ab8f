/**
 * Twenty real API descriptions, read as they are published. `fixtures/openapi/descriptions.json` has what was found in
 * each: a difference is a change of behaviour for somebody, to be looked at and then written there.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { compileRoutes, type Operation, readDocument, readOperations } from '@countersign/openapi'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { descriptionPackages } from './fixtures/openapi/descriptions.ts'

const run = promisify(execFile)
const isFull = inject('isFull')
const table = JSON.parse(readFileSync(new URL('./fixtures/openapi/descriptions.json', import.meta.url), 'utf8'))

let folder: string
beforeAll(async () => {
  if (!isFull) return
  folder = mkdtempSync(join(tmpdir(), 'countersign-descriptions-'))
  const packages = Object.keys(descriptionPackages)
  await run('npm', ['install', '--prefix', folder, '--no-save', '--ignore-scripts', '--no-audit', ...packages])
}, 300_000)
afterAll(() => {
  if (isFull) rmSync(folder, { recursive: true })
})

const documents = Object.entries(descriptionPackages).flatMap(([spec, files]) => {
  const name = spec.slice(0, spec.lastIndexOf('@'))
  return files.map((file) => `${name}/${file}`)
})

function countsOf(text: string) {
  const { basePath, operations, scopes, problems } = readOperations(readDocument(text))
  const count = (is: (operation: Operation) => boolean) => operations.filter(is).length
  const kinds = Map.groupBy(problems, ({ code }) => code)
  return {
    basePath,
    operations: operations.length,
    public: count((operation) => operation.public),
    anyCredential: count(({ requires }) => requires.some((all) => all.length === 0)),
    refusedToAll: count((operation) => !operation.public && operation.requires.length === 0),
    slashes: count(({ slashes }) => slashes === true),
    scopes: scopes.length,
    problems: Object.fromEntries([...kinds].map(([code, all]) => [code, all.length])),
  }
}

describe.runIf(isFull)('real descriptions', () => {
  test.each(documents)('%s is read as before', (document) => {
    expect(countsOf(readFileSync(join(folder, 'node_modules', document), 'utf8'))).toEqual(table[document])
  })

  test.each(documents)('every operation of %s is found under its path, or said to be unreachable', (document) => {
    const description = readOperations(readDocument(readFileSync(join(folder, 'node_modules', document), 'utf8')))
    const routes = compileRoutes(description)
    const lost = description.operations.filter(({ method, basePath, path }) => {
      const match = routes.match(method, basePath + path.replaceAll(/\{[^}]*\}/g, 'Value%201'))
      return match.kind !== 'operation'
    })
    expect(lost.length).toBe(description.problems.filter(({ code }) => code === 'unreachable').length)
  })
})

test('the table has every description, twenty of them', () => {
  expect(Object.keys(table).sort()).toEqual(documents.toSorted())
  expect(documents).toHaveLength(20)
})
