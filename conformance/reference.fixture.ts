/** An API with a real description, which every team of somebody's own has access to. */
import { readFileSync } from 'node:fs'
import { product } from './browser.fixture.ts'
import { call, text } from './product.fixture.ts'

export interface DescribedApi {
  readonly id: string
  readonly audience: string
  readonly callUrl: string
  readonly operations: readonly DescribedOperation[]
}

export interface DescribedOperation {
  readonly method: string
  readonly basePath: string
  readonly path: string
  readonly operationId: string
  readonly requires: readonly (readonly string[])[]
  readonly public: boolean
}

/** The text of a description beside the tests. */
export function descriptionText(name: 'box.json' | 'spotify.yaml'): string {
  return readFileSync(new URL(`./fixtures/openapi/${name}`, import.meta.url), 'utf8')
}

export async function makeDescribedApi(name: string, description: string): Promise<DescribedApi> {
  const audience = `https://${name.toLowerCase()}.example`
  const callUrl = `https://calls.${name.toLowerCase()}.example`
  const made = await call(product, 'POST', '/v1/apis', { audience, name, callUrl })
  const id = text(made.body.id)
  const imported = await fetch(`${product.url}/v1/apis/${id}/openapi`, {
    method: 'POST',
    headers: { authorization: `Bearer ${product.adminKey}`, 'content-type': 'application/json' },
    body: description,
  })
  const { operations, scopes } = (await imported.json()) as {
    operations: DescribedOperation[]
    scopes: { name: string }[]
  }
  // The API has the scopes of its document from here on.
  await call(product, 'PATCH', `/v1/apis/${id}`, { selfServiceScope: scopes.map((scope) => scope.name).join(' ') })
  return { id, audience, callUrl, operations }
}
