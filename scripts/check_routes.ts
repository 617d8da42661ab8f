// Every operation the contract describes is mounted by the server, and nothing else is.
import { readSources } from './sources.ts'

export async function checkRoutes(): Promise<readonly string[]> {
  const { allRoutes } = await import('../packages/contract/src/index.ts')
  const server = readSources('packages/server/src/{management/**/*,mount}.ts')
    .map(({ text }) => text)
    .join('\n')
  return allRoutes
    .filter(({ operationId, method, path }) => {
      const isOperation = new RegExp(`Operation\\(\\s*routes\\.${operationId}\\b`).test(server)
      return !isOperation && !server.includes(`at('${method}', '${path}'`)
    })
    .map(({ operationId }) => `${operationId} is described and not mounted`)
}
