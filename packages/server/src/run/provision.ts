/**
 * Makes an API, a client of it and a first key in a new installation, for `dev`. The system acts, since nobody calls.
 */
import { digest, formatScope, generateKey, limits, randomBase62, Secret } from '@countersign/core'
import type { ApiDescription } from '@countersign/openapi'
import type { Api, Client, Key } from '@countersign/store'
import type { Services } from '../context.ts'
import { apiSubject } from '../feed/subjects.ts'
import { serverLimits } from '../limits.ts'
import { noAuthority } from '../management/authority.ts'
import { defaultTenantId } from '../tenants/bootstrap.ts'

export interface Provision {
  readonly audience: string
  readonly name: string
  readonly description: ApiDescription
  readonly documentText: string
  /** The scope of the first key. */
  readonly keyScope: readonly string[]
}

export interface Provisioned {
  readonly apiId: string
  /** Absent when the API was there before: secrets are shown once. */
  readonly created?: { readonly key: Secret; readonly clientId: string; readonly clientSecret: Secret }
}

/** Makes the API with everything, or brings its document up to date when it is there. */
export async function provisionApi(
  services: Pick<Services, 'books' | 'keyPrefix' | 'now' | 'randomBytes' | 'store'>,
  provision: Provision,
): Promise<Provisioned> {
  const existing = await services.store.read.apis.findByAudience(defaultTenantId, provision.audience)
  if (existing !== undefined) {
    await updateDocument(services, existing, provision)
    return { apiId: existing.id }
  }
  const at = Math.floor(services.now())
  const api = newApi(services, provision, at)
  const client = newClient(services, api, provision, at)
  const { keyPrefix: prefix, randomBytes } = services
  const secret = generateKey({ prefix, marker: 'secret', randomBytes })
  const text = generateKey({ prefix, marker: 'test', randomBytes })
  const key = await newKey(services, api, client, provision, text, at)
  const { entries } = await services.store.write(async (transaction) => {
    await transaction.apis.insert(api)
    await transaction.apis.saveDocument(documentOf(api, provision, at))
    await transaction.clients.insert(client)
    await transaction.clients.insertSecret({
      tenant: api.tenant,
      id: secret.id,
      clientId: client.id,
      digest: await digest(secret.text),
      createdAt: at,
    })
    await transaction.keys.insert(key)
    transaction.append({
      tenant: api.tenant,
      audit: {
        actor: { kind: 'system' },
        action: 'dev.provision',
        objectType: 'api',
        objectId: api.id,
        after: { audience: api.audience, clientId: client.id, keyId: key.id },
        requestId: 'dev',
      },
      subjects: (sequence) => [apiSubject(api, at, sequence)],
      rows: (sequence) => transaction.apis.setCreatedSequence(api.tenant, api.id, sequence),
    })
  })
  await services.books.settle(entries)
  return {
    apiId: api.id,
    created: { key: new Secret(text.text), clientId: client.id, clientSecret: new Secret(secret.text) },
  }
}

async function updateDocument(
  services: Pick<Services, 'books' | 'now' | 'store'>,
  api: Api,
  provision: Provision,
): Promise<void> {
  const stored = await services.store.read.apis.findDocument(api.tenant, api.id)
  if (stored?.text === provision.documentText) return
  const at = Math.floor(services.now())
  const declared = api.scopes.filter(({ source }) => source === 'declared')
  const names = new Set(declared.map(({ name }) => name))
  const scopes = [...declared, ...documentScopes(provision).filter(({ name }) => !names.has(name))]
  const changed: Api = { ...api, scopes, version: api.version + 1, updatedAt: at }
  const { entries } = await services.store.write(async (transaction) => {
    await transaction.apis.update(changed)
    await transaction.apis.saveDocument(documentOf(api, provision, at))
    transaction.append({
      tenant: api.tenant,
      audit: { actor: { kind: 'system' }, action: 'api.import', objectType: 'api', objectId: api.id, requestId: 'dev' },
      subjects: () => [apiSubject(changed, at)],
    })
  })
  await services.books.settle(entries)
}

function newApi(services: Pick<Services, 'randomBytes'>, provision: Provision, at: number): Api {
  return {
    tenant: defaultTenantId,
    id: `api_${randomBase62(16, services.randomBytes)}`,
    audience: provision.audience,
    name: provision.name.slice(0, 200),
    status: 'active',
    tokenTtlSeconds: serverLimits.tokenTtlSecondsDefault,
    tokenTtlSecondsMax: limits.jwtLifeSecondsMax,
    tokenFormat: 'jwt',
    signingAlg: 'ES256',
    maxStalenessSeconds: limits.maxStalenessSecondsMax,
    isBuiltIn: false,
    createdSequence: 0,
    scopes: documentScopes(provision),
    version: 1,
    createdAt: at,
    updatedAt: at,
  }
}

function newClient(
  services: Pick<Services, 'randomBytes'>,
  api: Api,
  { description, name }: Provision,
  at: number,
): Client {
  return {
    tenant: api.tenant,
    id: `client_${randomBase62(20, services.randomBytes)}`,
    name: `First client of ${name}`.slice(0, 200),
    type: 'service',
    status: 'active',
    access: { [api.id]: formatScope(description.scopes.map((scope) => scope.name)) },
    guards: [],
    authority: noAuthority,
    metadata: {},
    selfIssuedLifeSecondsMax: limits.selfIssuedLifeSecondsDefault,
    cutOff: 0,
    version: 1,
    createdAt: at,
    updatedAt: at,
  }
}

async function newKey(
  services: Pick<Services, 'keyPrefix'>,
  api: Api,
  client: Client,
  provision: Provision,
  generated: { readonly id: string; readonly text: string },
  at: number,
): Promise<Key> {
  return {
    tenant: api.tenant,
    id: generated.id,
    digest: await digest(generated.text),
    prefix: services.keyPrefix,
    environment: 'test',
    clientId: client.id,
    apiId: api.id,
    scope: formatScope(provision.keyScope),
    name: 'First key',
    status: 'active',
    metadata: {},
    version: 1,
    createdAt: at,
    updatedAt: at,
  }
}

function documentScopes({ description }: Provision): Api['scopes'] {
  return description.scopes.map(({ name, description: text }) => ({ name, description: text, source: 'document' }))
}

function documentOf(api: Api, { documentText, description }: Provision, importedAt: number) {
  return {
    tenant: api.tenant,
    apiId: api.id,
    text: documentText,
    description,
    importedAt,
  }
}
