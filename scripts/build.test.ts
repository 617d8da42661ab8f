import { execFileSync } from 'node:child_process'
import { globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { makeVerifierKey, startProduct } from '../conformance/product.fixture.ts'
import { build, packages } from './build.ts'
import { checkDeclarations } from './check_declarations.ts'
import { layOut, nameOf } from './packed_set.ts'

const directory = mkdtempSync(join(tmpdir(), 'countersign-packed-'))
let files: readonly string[]

const served = 'packages/portal/dist/manifest.json'
let servedBefore: number

beforeAll(() => {
  servedBefore = statSync(served).ino
  files = build()
}, 300_000)

afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** An empty project. */
function makeProject(name: string): string {
  const folder = join(directory, name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{"type":"module","private":true}')
  return folder
}

function run(folder: string, script: string, env: NodeJS.ProcessEnv = {}): unknown {
  writeFileSync(join(folder, 'use.js'), script)
  return JSON.parse(execFileSync(process.execPath, ['use.js'], { cwd: folder, env, encoding: 'utf8' }))
}

test('a build leaves the files alone that a server of this checkout serves at the moment', () => {
  expect(statSync(served).ino).toBe(servedBefore)
})

test('the packed verifier is all that is installed with it, loads by each entry, and verifies against a running server', async () => {
  const folder = makeProject('alone')
  const verifier = files.find((file) => nameOf(file) === 'verifier') as string
  execFileSync('npm', ['install', '--offline', '--no-audit', '--no-fund', '--silent', verifier], { cwd: folder })
  const lock = readFileSync(join(folder, 'package-lock.json'), 'utf8')
  const installed = Object.keys((JSON.parse(lock) as { packages: object }).packages).filter((name) => name !== '')
  expect(installed).toEqual(['node_modules/@countersign/verifier'])

  const manifest = JSON.parse(readFileSync(join(folder, 'node_modules/@countersign/verifier/package.json'), 'utf8'))
  const entries = Object.keys(manifest.exports as object).map((entry) => join('@countersign/verifier', entry))
  expect(entries).toContain('@countersign/verifier/core')
  expect(run(folder, `${entries.map((entry) => `import '${entry}'\n`).join('')}console.log(true)`)).toBe(true)

  const product = await startProduct()
  const script = `
import { createVerifier } from '@countersign/verifier'
const { ISSUER: issuer, AUDIENCE: audience, VERIFIER: credential, KEY } = process.env
const verifier = createVerifier({ issuer, audience, credential })
const ask = (headers) => verifier.verifyRequest(new Request('http://x/', { headers }), { scope: 'orders:read' })
const good = await ask({ authorization: 'Bearer ' + KEY })
const none = await ask({})
verifier.close()
console.log(JSON.stringify([good.outcome, good.grant?.has('orders:read'), none.rejection.code]))
`
  const printed = run(folder, script, {
    ISSUER: product.issuer,
    AUDIENCE: product.audience,
    VERIFIER: await makeVerifierKey(product),
    KEY: product.demo.key,
  })
  expect(printed).toEqual(['verified', true, 'missing_credential'])
  await product.stop()
}, 120_000)

// It asks the registry for what the packages depend on, so only in the long form.
test.skipIf(!inject('isFull'))(
  'the packed files are installed as docs/operations/install.md says, and the command runs',
  () => {
    const folder = makeProject('installed')
    const install = /^npm install --global \.\/dist\/\*\.tgz$/m.exec(
      readFileSync('docs/operations/install.md', 'utf8'),
    )?.[0]
    const prefix = { ...process.env, npm_config_prefix: folder, npm_config_audit: 'false', npm_config_fund: 'false' }
    execFileSync('sh', ['-e', '-c', install ?? 'false'], { env: prefix, stdio: 'pipe' })
    const PATH = `${join(folder, 'bin')}:${dirname(process.execPath)}:${process.env.PATH}`
    const settings = { COUNTERSIGN_URL: 'https://auth.example.com', COUNTERSIGN_DATABASE: 'sqlite:./x.db' }
    const printed = execFileSync('countersign', ['config', 'print'], {
      cwd: folder,
      env: { PATH, ...settings },
      encoding: 'utf8',
    })
    expect(printed).toContain('https://auth.example.com')
  },
  300_000,
)

test('no class is in two packages, so that `instanceof` holds from one to the other', () => {
  const folder = makeProject('together')
  layOut(files, folder)
  const modules = globSync('node_modules/@countersign/*/dist/**/*.js', { cwd: folder })
  const declared = modules.flatMap((path) => {
    const text = readFileSync(join(folder, path), 'utf8')
    return [...text.matchAll(/^export class (\w+)/gm)].map(([, name]) => name as string)
  })
  expect(declared).toEqual(expect.arrayContaining(['Secret', 'JwkError', 'StatusBook', 'OpenApiError']))
  expect(declared.filter((name, index) => declared.indexOf(name) !== index)).toEqual([])

  const script = `
import { Secret } from '@countersign/core'
import { createEngine } from '@countersign/verifier/engine'
import * as within from '@countersign/verifier/core'
import * as server from '@countersign/server'
import * as gateway from '@countersign/gateway'
console.log(JSON.stringify([new Secret('x') instanceof within.Secret, typeof createEngine, typeof server.serve, typeof gateway.createGateway]))
`
  expect(run(folder, script)).toEqual([true, 'function', 'function', 'function'])
})

test('users read the declarations with TypeScript 5 and 7, by the rules of Node and of a bundler', () => {
  expect(checkDeclarations(files, inject('isFull'))).toEqual([])
}, 300_000)

test.each(packages)('%s says on its page what it is, and where it comes from', (name) => {
  const target = `dist/${name}`
  expect(readFileSync(`${target}/README.md`, 'utf8')).toMatch(
    /^# @countersign\/\w+\n[\s\S]*npm install[\s\S]*## Limits\n/,
  )
  const manifest = JSON.parse(readFileSync(`${target}/package.json`, 'utf8')) as Record<string, unknown>
  expect(manifest.files).toContain('README.md')
  expect(manifest.repository).toMatchObject({ type: 'git', directory: `packages/${name}` })
  for (const member of ['keywords', 'homepage', 'bugs', 'description', 'license'])
    expect(manifest).toHaveProperty(member)
})

test('every package is built, with what its threads run and without tests', () => {
  expect(files.map(nameOf).sort()).toEqual([...packages].sort())
  const built = readdirSync('dist', { recursive: true, encoding: 'utf8' })
  expect(built.filter((file) => /\.(test|fixture)\.|\/(conformance|simulation)\//.test(file))).toEqual([])
  const workers = built.filter((file) => file.endsWith('_worker.js')).map((file) => basename(file))
  expect(workers.sort()).toEqual([
    'chore_worker.js',
    'document_worker.js',
    'hash_worker.js',
    'refusal_worker.js',
    'signing_worker.js',
  ])
})
