import { execFile, execFileSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { snippetsOf, urlOf } from './snippets.ts'
import type { Written } from './written.ts'

const run = promisify(execFile)
const hasPython = (() => {
  try {
    execFileSync('python3', ['--version'])
    return true
  } catch {
    return false
  }
})()

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
const commands = [
  ['curl', 'sh', ['-c']],
  ['fetch', process.execPath, ['--input-type=module', '-e']],
  ['Python', 'python3', ['-c']],
] as const

it.each(commands.filter(([name]) => name !== 'Python' || hasPython))(
  'the sample in %s sends what it says, whatever the document has in it',
  async (name, file, flags) => {
    const program = snippetsOf(operation, { callUrl }, {}, written)[name] ?? ''
    seen = undefined
    await run(file, [...flags, program], { env: { ...process.env, COUNTERSIGN_KEY: 'the-key' } })
    expect(seen).toMatchObject({ method: 'POST', authorization: 'Bearer the-key' })
    expect((seen as Seen | undefined)?.url).toMatch(
      /^\/api\/v1\/it(?:'|%27)s\/FILE_ID\/\$\(id\)\?page%5Bsize%5D=PAGE_SIZE_$/,
    )
    expect(JSON.parse((seen as Seen | undefined)?.body ?? '')).toEqual(hostile)
  },
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
