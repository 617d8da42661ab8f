import { readFileSync } from 'node:fs'
import http from 'node:http'
import { compileRoutes, readDocument, readOperations } from '@countersign/openapi'
import { describe, expect, test } from 'vitest'
import { call, openWorld } from './gateway.fixture.ts'

const read = (name: string) => {
  const url = new URL(`../../../conformance/fixtures/openapi/${name}`, import.meta.url)
  return readOperations(readDocument(readFileSync(url, 'utf8')))
}

describe('every operation of a real description, over HTTP with kept connections', () => {
  test.each([
    ['Spotify', read('spotify.yaml'), 97],
    ['Box', read('box.json'), 296],
  ])(
    '%s: exactly one alternative lets through, without it 403, without a credential 401, public 200',
    async (_, description, count) => {
      const scopes = description.scopes.map(({ name }) => name).join(' ')
      const world = await openWorld({ description })
      const state = { status: 'active', access: { api_1: scopes }, cutOff: 0 } as const
      world.say({ type: 'client', id: 'client_1', state })
      const agent = new http.Agent({ keepAlive: true, maxSockets: 8 })
      const bare = (await world.key('', { access: scopes })).text
      const keys = new Map<string, string>()
      const keyFor = async (scope: string): Promise<string> => {
        const known = keys.get(scope) ?? (await world.key(scope, { access: scopes })).text
        keys.set(scope, known)
        return known
      }
      const routes = compileRoutes(description)
      expect(description.operations).toHaveLength(count)

      await Promise.all(
        description.operations.map(async ({ method, basePath, path, requires, public: isPublic }) => {
          const target = `${basePath}${path.replaceAll(/\{[^}]*\}/g, 'Value%201')}`
          expect(routes.match(method, target).kind).toBe('operation')
          const ask = (key?: string) =>
            call(world.port, method, `${target}?from=test`, { agent, ...(key === undefined ? {} : { key }) })
          if (isPublic) {
            expect((await ask()).status).toBe(200)
            return
          }
          expect((await ask()).status).toBe(401)
          const needsScope = requires.every((alternative) => alternative.length > 0)
          expect((await ask(bare)).status).toBe(needsScope ? 403 : 200)
          for (const alternative of requires) {
            const before = world.seen.length
            expect((await ask(await keyFor(alternative.join(' ')))).status).toBe(200)
            const arrived = world.seen
              .slice(before)
              .some((seen) => seen.method === method && seen.url === `${target}?from=test`)
            expect(arrived).toBe(true)
            if (alternative.length < 2) continue
            expect((await ask(await keyFor(alternative.slice(1).join(' ')))).status).toBe(403)
          }
        }),
      )
      agent.destroy()
      await world.close()
    },
  )
})
