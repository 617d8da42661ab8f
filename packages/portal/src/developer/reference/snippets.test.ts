import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { snippetsOf, urlOf } from './snippets.ts'
import type { Written } from './written.ts'

const run = promisify(execFile)
function isThere(...[file, ...flags]: readonly [string, ...string[]]): boolean {
  try {
    execFileSync(file, flags, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

interface Seen {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly authorization: string | undefined
  readonly body: string
}

let seen: Seen | undefined
let callUrl: string
const server = createServer((request, response) => {
  let body = ''
  request.on('data', (chunk) => {
    body += chunk
  })
  request.on('end', () => {
    const { method, url, headers } = request
    seen = { method, url, authorization: headers.authorization, body }
    response.end('{}')
  })
})
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  callUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`
})
afterAll(() => void server.close())

const hostile = { name: `it's "quoted" $(id) \`id\` \\ \u2028 é` }
const written = {
  parameters: [
    { name: 'page[size]', in: 'query', isRequired: true },
    { name: 'sort', in: 'query', isRequired: false },
  ],
  body: { media: [{ type: 'application/json', schema: {}, example: hostile }] },
} as unknown as Written
const operation = { method: 'POST', route: `/v1/it's/{fileId}/$(id)`, public: false }

/** Each is given the program: as its last argument, or as a file of that name. Those that are compiled take long. */
const commands = [
  { name: 'curl', file: 'sh', flags: ['-c'], isThere: true },
  { name: 'fetch', file: process.execPath, flags: ['--input-type=module', '-e'], isThere: true },
  { name: 'Python', file: 'python3', flags: ['-c'], isThere: isThere('python3', '--version') },
  { name: 'Go', file: 'go', flags: ['run'], as: 'main.go', isThere: inject('isFull') && isThere('go', 'version') },
  { name: 'Java', file: 'java', flags: [], as: 'Call.java', isThere: inject('isFull') && isThere('javac', '-version') },
]

it.each(commands.filter((each) => each.isThere))(
  'the sample in $name sends what it says, whatever the document has in it',
  async ({ name, file, flags, as }) => {
    const program = snippetsOf(operation, { callUrl }, {}, written)[name] ?? ''
    const folder = mkdtempSync(join(tmpdir(), 'snippet-'))
    if (as !== undefined) writeFileSync(join(folder, as), program)
    seen = undefined
    const env = { ...process.env, COUNTERSIGN_KEY: 'the-key' }
    await run(file, [...flags, as ?? program], { cwd: folder, env })
    rmSync(folder, { recursive: true })
    expect(seen).toMatchObject({ method: 'POST', authorization: 'Bearer the-key' })
    expect((seen as Seen | undefined)?.url).toMatch(
      /^\/api\/v1\/it(?:'|%27)s\/FILE_ID\/\$\(id\)\?page%5Bsize%5D=PAGE_SIZE_$/,
    )
    expect(JSON.parse((seen as Seen | undefined)?.body ?? '')).toEqual(hostile)
  },
  120_000,
)

it('the URL is the one of the API, the base path and the path; without one a placeholder says so', () => {
  expect(urlOf({ route: '/v1/orders/{id}' }, 'https://api.example/', undefined)).toBe(
    'https://api.example/v1/orders/ID',
  )
  const { curl } = snippetsOf(
    { method: 'GET', route: '/health', public: true },
    { callUrl: null },
    undefined,
    undefined,
  )
  expect(curl).toContain("curl 'https://API_HOST/health'")
  expect(curl).toContain('# ')
  expect(curl).not.toContain('Authorization')
})
