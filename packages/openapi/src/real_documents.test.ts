import { readFileSync } from 'node:fs'
import { compileErrors, validate } from '@readme/openapi-parser'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { cpuMs } from '../../../scripts/cpu_ms.ts'
import { compileRoutes, deriveSlug, readDocument, readOperations } from './index.ts'

const fixture = (name: string) =>
  readFileSync(new URL(`../../../conformance/fixtures/openapi/${name}`, import.meta.url), 'utf8')
const spotifyText = fixture('spotify.yaml')
const boxText = fixture('box.json')
const spotify = readOperations(readDocument(spotifyText))
const box = readOperations(readDocument(boxText))

describe('Spotify: OpenAPI 3.0 in YAML, scopes per operation', () => {
  test('97 operations below /v1, 32 of them for any active credential, none public, nothing derived', () => {
    expect(spotify).toMatchObject({
      basePath: '/v1',
      servers: ['https://api.spotify.com/v1'],
      version: '2026.5.31',
      problems: [],
    })
    expect(spotify.operations).toHaveLength(97)
    expect(
      spotify.operations.filter(({ requires }) => requires.length === 1 && requires[0]?.length === 0),
    ).toHaveLength(32)
    expect(spotify.operations.filter((operation) => operation.public)).toEqual([])
    expect(spotify.scopes).toHaveLength(19)
    expect(spotify.scopes.every(({ description }) => description !== '')).toBe(true)
  })

  test('several scopes of one requirement are all needed', () => {
    const me = spotify.operations.find(({ method, path }) => method === 'GET' && path === '/me')
    expect(me?.requires).toEqual([['user-read-private', 'user-read-email']])
  })
})

describe('Box: OpenAPI 3.0 in JSON, one requirement without scopes at the root', () => {
  test('296 operations below /2.0, 5 public, every other with a derived scope', () => {
    expect(box).toMatchObject({ basePath: '/2.0', title: 'Box Platform API' })
    expect(deriveSlug(box.title)).toBe('box-platform-api')
    expect(box.operations).toHaveLength(296)
    expect(box.operations.filter((operation) => operation.public)).toHaveLength(5)
    const guarded = box.operations.filter((operation) => !operation.public)
    expect(
      guarded.every(
        ({ requires }) => requires.length === 1 && requires[0]!.every((s) => /^[a-z0-9_]+:(?:read|write)$/.test(s)),
      ),
    ).toBe(true)
  })

  test('the 19 keys with # are cut, and the routes they share need what all of them need', () => {
    const count = (code: string) => box.problems.filter((problem) => problem.code === code).length
    expect(count('path_cut')).toBe(19)
    expect(box.problems.find(({ code }) => code === 'servers_ignored')?.message).toMatch(/^13 /)
    expect(box.operations.some(({ path }) => path.includes('#'))).toBe(false)
    const updates = box.operations.filter(({ method, path }) => method === 'PUT' && path === '/files/{file_id}')
    expect(updates.map(({ requires }) => requires)).toEqual(
      Array(4).fill([['files:write', 'shared_links__files_:write']]),
    )
  })

  test('declared scopes are listed beside the derived ones', () => {
    const names = box.scopes.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['root_readwrite', 'files:read', 'metadata_instances__files_:write']))
  })
})

test.each([
  ['Spotify', spotify],
  ['Box', box],
])(
  'every operation of %s is reached under a path of its own, and each request is judged by what it says',
  (_, description) => {
    const table = compileRoutes(description)
    for (const operation of description.operations) {
      const target = operation.basePath + operation.path.replaceAll(/\{[^}]*\}/g, 'Value%201')
      const match = table.match(operation.method, `${target}?x=1`)
      expect(match).toMatchObject({
        kind: 'operation',
        operation: { path: operation.path, requires: operation.requires },
      })
      expect(table.knows(target)?.allow).toContain(operation.method)
    }
  },
)

describe('three megabytes', () => {
  const paths = Object.fromEntries(
    Array.from({ length: 3_000 }, (_, i) => {
      const schema = { type: 'object', properties: { name: { type: 'string', description: 'x'.repeat(600) } } }
      const responses = { 200: { description: 'ok', content: { 'application/json': { schema } } } }
      const parameters = [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }]
      return [
        `/things${i}/{id}`,
        { get: { operationId: `get${i}`, parameters, responses, security: [{ oauth: [`s${i % 50}`] }] } },
      ]
    }),
  )
  const securitySchemes = { oauth: { type: 'http', scheme: 'bearer' } }
  const document = { openapi: '3.1.0', info: { title: 'Large', version: '1' }, components: { securitySchemes }, paths }

  test.each([
    ['JSON', JSON.stringify(document, null, 2)],
    ['YAML', stringify(document)],
  ])('of %s are read within seconds', (_, text) => {
    expect(text.length).toBeGreaterThan(3_000_000)
    const start = cpuMs()
    const description = readOperations(readDocument(text))
    expect(cpuMs() - start).toBeLessThan(8_000)
    expect(description.operations).toHaveLength(3_000)
    expect(description.scopes).toHaveLength(50)
    expect(description.problems).toEqual([])
  })
})

describe('a second reader accepts what we accept', () => {
  const swagger = {
    swagger: '2.0',
    info: { title: 'Pets', version: '1' },
    basePath: '/v2',
    securityDefinitions: { key: { type: 'apiKey', in: 'header', name: 'X-Key' } },
    paths: { '/pets': { get: { responses: { 200: { description: 'ok' } }, security: [{ key: [] }] } } },
  }
  const modern = {
    openapi: '3.1.0',
    info: { title: 'Pets', version: '1' },
    components: {
      pathItems: { pets: { get: { responses: { 200: { description: 'ok' } }, security: [{ o: ['read'] }] } } },
      securitySchemes: { o: { type: 'http', scheme: 'bearer' } },
    },
    paths: { '/pets': { $ref: '#/components/pathItems/pets' } },
  }

  test.each([
    ['Spotify', spotifyText],
    ['Box', boxText],
    ['Swagger 2.0', JSON.stringify(swagger)],
    ['Swagger 2.0 in YAML', stringify(swagger)],
    ['OpenAPI 3.1', JSON.stringify(modern)],
  ])('%s', async (_, text) => {
    const { root } = readDocument(text)
    const result = await validate(JSON.parse(JSON.stringify(root)))
    expect(result.valid ? '' : compileErrors(result)).toBe('')
  })
})
