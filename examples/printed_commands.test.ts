/** Every command that a document prints is run by a test: here, or by the one that `runElsewhere` names. */
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { call, list, makeVerifierKey, type Product, startProduct, text } from '../conformance/product.fixture.ts'
import {
  isForOthers,
  isOnlyMeasured,
  type PrintedCommand,
  printedCommands,
  runElsewhere,
} from './printed_commands.fixture.ts'

const isElsewhere = ({ text }: PrintedCommand): boolean => runElsewhere.some(([command]) => command.test(text))
const here = printedCommands.filter(
  (command) => !isElsewhere(command) && !isForOthers(command) && !isOnlyMeasured(command) && isMine(command),
)
/** Only root gives a file to another user. */
function isMine({ text }: PrintedCommand): boolean {
  return !text.startsWith('chown ') || process.getuid?.() === 0
}
const goesOn = ({ text }: PrintedCommand): boolean => /^countersign (?:serve|gateway)\b/.test(text)

const folder = mkdtempSync(join(tmpdir(), 'countersign-printed-'))
let product: Product
let environment: NodeJS.ProcessEnv

beforeAll(async () => {
  product = await startProduct()
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  const command = `exec ${process.execPath} ${resolve('packages/cli/bin/countersign.mjs')} "$@"`
  writeFileSync(join(bin, 'countersign'), `#!/bin/sh\n${command}\n`)
  writeFileSync(join(bin, 'npx'), '#!/bin/sh\nexec "$@"\n')
  for (const name of ['countersign', 'npx']) chmodSync(join(bin, name), 0o755)
  writeFileSync(join(folder, 'client.json'), JSON.stringify({ name: 'Acme', type: 'service', access: [] }))
  writeFileSync(join(folder, 'scope.json'), JSON.stringify({ selfServiceScope: 'orders:read' }))
  writeFileSync(join(folder, 'private-ca.pem'), '')
  writeFileSync(join(folder, 'gateway_key'), await makeVerifierKey(product))
  const document = { openapi: '3.1.0', info: { title: 'Your API', version: '1' }, paths: { '/orders': { get: {} } } }
  writeFileSync(join(folder, 'openapi.yaml'), JSON.stringify(document))
  const config = /^```json\n(\{\n {2}"url"[\s\S]*?)^```/m.exec(readFileSync('docs/operations/install.md', 'utf8'))?.[1]
  const own = (config ?? '').replace('"127.0.0.1:4800"', '"127.0.0.1:0"').replace('/var/lib/countersign', folder)
  writeFileSync(join(folder, 'countersign.json'), own)
  environment = {
    PATH: `${bin}:${dirname(process.execPath)}:${process.env.PATH}`,
    HOME: folder,
    COUNTERSIGN_URL: product.issuer,
    COUNTERSIGN_AUDIENCE: product.audience,
    COUNTERSIGN_KEY: product.adminKey,
    ADMIN_KEY: product.adminKey,
    KEY: product.demo.key,
    CLIENT_ID: product.demo.clientId,
    CLIENT_SECRET: product.demo.clientSecret,
  }
})

afterAll(async () => {
  await product?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** With what a reader puts in the place of what stands for it: each time a key and a secret that are alive. */
async function filled({ text: printed }: PrintedCommand): Promise<string> {
  const { clientId, clientSecret } = product.demo
  let line = printed
    .replace(/(?<=apis create --audience )\S+/, 'https://printed.example')
    .replaceAll('client_…:cs_secret_…', `${clientId}:${clientSecret}`)
    .replaceAll(/client_…|\bCLIENT_ID\b(?<!\$CLIENT_ID)/g, clientId)
    .replaceAll('cs_test_…', product.demo.key)
    .replaceAll(/https:\/\/auth\.example\.com|http:\/\/localhost:4800/g, product.url)
    .replaceAll(/https:\/\/api\.example\.com|urn:countersign:dev:your-api/g, product.audience)
    .replaceAll('http://localhost:4801', product.gatewayUrl)
    .replaceAll(/\/etc\/countersign\.json|\/etc\/ssl\/private-ca\.pem|\/run\/secrets\/gateway_key/g, (path) =>
      join(folder, path.split('/').at(-1) ?? ''),
    )
    .replaceAll(/\/var\/(?:lib\/(?:countersign|node_exporter)|backups\/countersign)/g, folder)
    .replaceAll(/0\.0\.0\.0:\d+/g, '127.0.0.1:0')
  if (/<id>|KEY_ID/.test(line)) line = line.replaceAll(/<id>|KEY_ID/g, await makeKey())
  if (line.includes('SECRET_ID')) line = line.replaceAll('SECRET_ID', await makeSecret())
  if (line.includes('ACCOUNT_ID')) line = line.replaceAll('ACCOUNT_ID', await makeAccount())
  if (line.includes('API_ID')) line = line.replaceAll('API_ID', await apiId())
  if (line.includes('TEAM_ID')) line = line.replaceAll('TEAM_ID', await makeTeam())
  if (line.includes('REQUEST_ID')) line = line.replaceAll('REQUEST_ID', await makeRequest())
  if (line.includes('/KID/')) line = line.replaceAll('KID', await signingKid())
  return line
}

async function makeKey(): Promise<string> {
  const { clientId, scope } = product.demo
  const body = { clientId, audience: product.audience, scope, name: 'printed' }
  return text((await call(product, 'POST', '/v1/keys', body)).body.id)
}

async function makeSecret(): Promise<string> {
  return text((await call(product, 'POST', `/v1/clients/${product.demo.clientId}/secrets`, {})).body.id)
}

async function makeAccount(): Promise<string> {
  const body = { email: 'before@example.com', name: 'Ann' }
  return text((await call(product, 'POST', '/v1/accounts', body)).body.id)
}

async function apiId(): Promise<string> {
  const { data } = (await call(product, 'GET', '/v1/apis')).body
  return text(list(data).find(({ audience }) => text(audience) === product.audience)?.id)
}

async function makeTeam(): Promise<string> {
  return text((await call(product, 'POST', '/v1/teams', { name: 'printed', access: [] })).body.id)
}

/** A request of a team of its own, for what the API gives to whoever asks. */
async function makeRequest(): Promise<string> {
  const { audience } = product
  await call(product, 'PATCH', `/v1/apis/${await apiId()}`, { onRequestScope: 'orders:write' })
  const request = { teamId: await makeTeam(), audience, scope: 'orders:write', reason: 'printed' }
  return text((await call(product, 'POST', '/v1/access-requests', request)).body.id)
}

/** The one that signs now is not needed any more once this has run. */
async function signingKid(): Promise<string> {
  const { body } = await call(product, 'GET', '/v1/signing-keys')
  return text(list(body.data)[0]?.kid)
}

describe('every command that a document prints', () => {
  test('runs here, or is run by a test that exists, or is for docker and kubectl', () => {
    for (const [command, path] of runElsewhere) {
      expect(existsSync(path), path).toBe(true)
      expect(
        printedCommands.some((printed) => command.test(printed.text)),
        `${command} fits nothing`,
      ).toBe(true)
    }
    expect(printedCommands.length).toBeGreaterThan(60)
    expect(here.length).toBeGreaterThan(30)
  })

  test.each(
    here.filter((command) => !goesOn(command)).map((command) => [command.document, command.text, command] as const),
  )('%s: %s', async (_, __, command) => {
    const line = await filled(command)
    const isCurl = line.startsWith('curl ')
    const measured = isCurl ? line.replace(/^curl /, "curl -s -w '\\n%{http_code}' ") : line
    const env = /^countersign (?:config|doctor)/.test(line) ? settingsOf(line) : environment
    const { status, stdout, stderr } = spawnSync('sh', ['-e', '-c', measured], { cwd: folder, env, encoding: 'utf8' })
    expect(status, `${line}\n${stdout}${stderr}`).toBe(0)
    if (isCurl)
      expect(stdout.trim().split('\n').at(-1), stdout).toMatch(/^\d/.test(command.comment) ? command.comment : /^2/)
  })

  test.each(here.filter(goesOn).map((command) => [command.document, command.text, command] as const))(
    '%s: %s, until it is stopped',
    async (_, __, command) => {
      const line = await filled(command)
      const env = line.startsWith('countersign serve') ? settingsOf(line) : environment
      const child = spawn('sh', ['-e', '-c', `exec ${line}`], { cwd: folder, env })
      // A worker says that it is ready before all are.
      const isReady = line.includes('--config') ? /"workers":\d/ : /"msg":"ready"|^audience /m
      let said = ''
      const ended = new Promise<number | null>((done) => child.once('exit', done))
      const ready = new Promise<void>((done) => {
        for (const stream of [child.stdout, child.stderr])
          stream.setEncoding('utf8').on('data', (chunk: string) => {
            said += chunk
            if (isReady.test(said)) done()
          })
      })
      await Promise.race([ready, ended])
      child.kill('SIGTERM')
      expect(await ended, `${line}\n${said}`).toBe(0)
    },
  )
})

/** `serve` reads the settings of its page, from the environment or the file, and nothing of the product that runs. */
function settingsOf(line: string): NodeJS.ProcessEnv {
  const bare = { PATH: environment.PATH, HOME: folder }
  if (line.includes('--config')) return bare
  const settings = { COUNTERSIGN_URL: 'https://auth.example.com', COUNTERSIGN_LISTEN: '127.0.0.1:0' }
  return { ...bare, ...settings, COUNTERSIGN_DATABASE: `sqlite:${folder}/countersign.db` }
}
