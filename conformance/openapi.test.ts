/** Our OpenAPI document, judged by what others made: a linter, a fuzzer and three generators of clients. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { allRoutes, openapiDocument } from '../packages/contract/src/index.ts'
import type { Environment } from './clients.fixture.ts'
import { makeProject, missingTools, runTool, runTypeScript, sectionOf } from './openapi.fixture.ts'
import { call, type Product, startProduct } from './product.fixture.ts'

const missing = missingTools()
if (missing !== undefined) process.stderr.write(`conformance/openapi.test.ts is not run: ${missing}\n`)
// A machine of one's own may lack them; where the project is judged, what was not run has failed.
const isLeftOut = missing !== undefined && process.env.CI !== 'true'

let product: Product
let environment: Environment
const projects: string[] = []
beforeAll(async () => {
  product = await startProduct()
  environment = { COUNTERSIGN_URL: product.url, COUNTERSIGN_KEY: product.adminKey }
})
afterAll(async () => {
  await product?.stop()
  for (const project of projects) rmSync(project, { recursive: true, force: true })
})

function newProject(): string {
  const project = makeProject()
  projects.push(project)
  return project
}

const msMax = 290_000

test.skipIf(isLeftOut)('Redocly has nothing to say of the document, with every rule that it recommends', async () => {
  const project = newProject()
  const document = openapiDocument({ issuer: 'https://auth.example', version: '0.1.0' })
  writeFileSync(join(project, 'openapi.json'), JSON.stringify(document))
  const ended = await runTool('redocly lint openapi.json --extends recommended --format json', project, {})
  expect(ended.code, ended.errors).toBe(0)
  const { totals } = JSON.parse(ended.lines.join('\n')) as { readonly totals: object }
  expect(totals, ended.lines.join('\n').slice(0, 2_000)).toEqual({ errors: 0, warnings: 0, ignored: 0 })
})

// Half a minute of generating and compiling, so only in the long form.
const generated = inject('isFull') ? ['openapi-typescript', 'Hey API'] : []
for (const title of generated) {
  test.skipIf(isLeftOut)(`the client that ${title} makes compiles, and lists keys`, async () => {
    const project = newProject()
    const { command, program } = sectionOf(title)
    const made = await runTool(command, project, environment)
    expect(made.code, made.errors).toBe(0)
    const ended = await runTypeScript(program, project, environment)
    expect(ended, ended.lines.join('\n') + ended.errors).toMatchObject({ code: 0, lines: ['active'] })
  })
}

test.skipIf(isLeftOut || !inject('isFull'))(
  'the client that openapi-python-client makes loads whole, and lists keys',
  async () => {
    const project = newProject()
    const { command, program } = sectionOf('openapi-python-client')
    const made = await runTool(command, project, environment)
    expect(made.code, made.errors).toBe(0)
    writeFileSync(join(project, 'program.py'), `${program}${importAll}`)
    const ended = await runTool('python program.py', project, environment)
    expect(ended, ended.errors).toMatchObject({ code: 0, lines: ['active', 'loaded'] })
    // The generator makes such names for schemas without one.
    const models = readdirSync(join(project, 'countersign_api/models'))
    expect(models.filter((name) => /_type_\d|_item|_body|response|additional_property/.test(name))).toEqual([])
    expect(readFileSync(join(project, 'countersign_api/models/key_create.py'), 'utf8')).toContain('class KeyCreate:')
  },
)

// Last, since it changes and ends whatever it finds.
test.skipIf(isLeftOut)(
  'schemathesis finds no answer that the document does not have, and no request that is judged otherwise than it says',
  async () => {
    const config = resolve('conformance/openapi/schemathesis.toml')
    const hooks = { SCHEMATHESIS_HOOKS: resolve('conformance/openapi/hooks.py') }
    // The short form leaves out what spoils each member by itself: packages/server/src/bad_input.test.ts does so too.
    const form = inject('isFull') ? '-n 40' : '-n 1 --phases examples,fuzzing'
    const line = `schemathesis --config-file ${config} run "$COUNTERSIGN_URL/openapi.json" --checks all ${form}`
    const ended = await runTool(line, newProject(), { ...environment, ...hooks })
    const printed = ended.lines.join('\n')
    expect(ended.code, printed.slice(-8_000)).toBe(0)
    expect(printed).toContain(`Tested: ${allRoutes.length}`)
    // A run that ended its own credential would have found nothing but 401.
    expect((await call(product, 'GET', '/v1/keys?limit=1')).status).toBe(200)
  },
  msMax,
)

const importAll = `
import importlib, pkgutil, countersign_api
for module in pkgutil.walk_packages(countersign_api.__path__, "countersign_api."):
    importlib.import_module(module.name)
print("loaded")
`
