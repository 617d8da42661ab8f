import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { makeVerifierKey, startProduct } from '../conformance/product.fixture.ts'
import { build } from './build.ts'

const directory = mkdtempSync(join(tmpdir(), 'countersign-packed-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

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

const typed = `
import { createVerifier, type Outcome } from '@countersign/verifier'
const verifier = createVerifier({ issuer: 'https://a', audience: 'https://b', credential: 'c' })
export const outcome: Promise<Outcome> = verifier.verifyRequest(new Request('http://x/'))
// @ts-expect-error: the audience has no default
createVerifier({ issuer: 'https://a', credential: 'c' })
`

test('the packed verifier, installed into an empty project, verifies against a running server and has its types', async () => {
  const files = build(['verifier'])
  writeFileSync(join(directory, 'package.json'), '{"type":"module","private":true}')
  writeFileSync(join(directory, 'use.js'), script)
  writeFileSync(join(directory, 'typed.ts'), typed)
  execFileSync('npm', ['install', '--offline', '--no-audit', '--no-fund', '--silent', ...files], { cwd: directory })
  const lock = readFileSync(join(directory, 'package-lock.json'), 'utf8')
  const installed = Object.keys((JSON.parse(lock) as { packages: object }).packages).filter((name) => name !== '')
  expect(installed).toEqual(['node_modules/@countersign/core', 'node_modules/@countersign/verifier'])

  const product = await startProduct()
  const environment = {
    ISSUER: product.issuer,
    AUDIENCE: product.audience,
    VERIFIER: await makeVerifierKey(product),
    KEY: product.demo.key,
  }
  const printed = execFileSync(process.execPath, ['use.js'], { cwd: directory, env: environment, encoding: 'utf8' })
  expect(JSON.parse(printed)).toEqual(['verified', true, 'missing_credential'])
  await product.stop()

  const flags = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--lib',
    'es2024,dom',
    '--types',
    '',
    'typed.ts',
  ]
  expect(() =>
    execFileSync(join(process.cwd(), 'node_modules/.bin/tsc'), flags, { cwd: directory, stdio: 'pipe' }),
  ).not.toThrow()
}, 120_000)

test('every package is built, with what its threads run and without tests', () => {
  expect(build()).toHaveLength(9)
  const files = readdirSync('dist', { recursive: true, encoding: 'utf8' })
  expect(files.filter((file) => /\.(test|fixture)\.|\/(conformance|simulation)\//.test(file))).toEqual([])
  const workers = files.filter((file) => file.endsWith('_worker.js')).map((file) => basename(file))
  expect(workers.sort()).toEqual(['chore_worker.js', 'document_worker.js', 'refusal_worker.js', 'signing_worker.js'])
}, 120_000)
