/**
 * Makes an API, a client of it and a first key in a new installation, for `dev`. The system acts, since nobody calls.
 */
import { formatScope, generateKey, Secret } from '@countersign/core'
import type { ApiDescription } from '@countersign/openapi'
import {
  type Api,
  type ApiDraft,
  type Client,
  type ClientDraft,
  type KeyDraft,
  newApi,
  newClient,
  newClientSecret,
  newKey,
} from '@countersign/store'
import type { Services } from '../context.ts'
import { apiObject } from '../feed/objects.ts'
import { serverLimits } from '../limits.ts'
import { noAuthority } from '../management/authority.ts'
import { defaultTenantId } from '../tenants/bootstrap.ts'
import { withRetiredScopes } from '../tenants/retired_scopes.ts'
import { nameByGateway } from './gateway_name.ts'

export interface Provision {
  readonly audience: string
  readonly name: string
  readonly description: ApiDescription
  readonly documentText: string
  readonly gatewayUrl: string
  /** The scope of the first key. */
  readonly keyScope: readonly string[]
}

export interface Provisioned {
  readonly apiId: string
  /** The API's, as it now is. */
  readonly credentialHeaders: readonly string[]
  /** Absent when the API was there before: secrets are shown once. */
  readonly created?: { readonly key: Secret; readonly clientId: string; readonly clientSecret: Secret }
}

type Needs = Pick<Services, 'books' | 'keyPrefix' | 'now' | 'randomBytes' | 'store'>

/** Makes the API with everything, or brings it up to date when it is there. */
export async function provisionApi(services: Needs, provision: Provision): Promise<Provisioned> {
  const provisioned = await provisionBehind(services, provision)
  await nameByGateway(services, provisioned.apiId, provision.gatewayUrl)
  return provisioned
}

async function provisionBehind(services: Needs, provision: Provision): Promise<Provisioned> {
  const existing = await services.store.read.apis.findByAudience(defaultTenantId, provision.audience)
  if (existing !== undefined) {
    const { credentialHeaders = [] } = await updateDocument(services, existing, provision)
    return { apiId: existing.id, credentialHeaders }
  }
  const now = services.now()
  const at = Math.floor(now)
  const { keyPrefix: prefix, randomBytes } = services
  const api = newApi(apiDraft(provision), { now, randomBytes })
  const client = newClient(clientDraft(api, provision), { now, randomBytes })
  const secret = generateKey({ prefix, marker: 'secret', randomBytes })
  const text = generateKey({ prefix, marker: 'test', randomBytes })
  const key = await newKey(text, keyDraft(client, api, provision), now)
  const { entries } = await services.store.write(async (transaction) => {
    await transaction.apis.insert(api)
    await transaction.apis.saveDocument(documentOf(api, provision, at))
    await transaction.clients.insert(client)
    await transaction.clients.insertSecret(await newClientSecret(secret, client, now))
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
      objects: (sequence) => [apiObject(api, at, sequence)],
      rows: (sequence) => transaction.apis.setCreatedSequence(api.tenant, api.id, sequence),
    })
  })
  await services.books.settle(entries)
  return {
    apiId: api.id,
    credentialHeaders: api.credentialHeaders ?? [],
    created: { key: new Secret(text.text), clientId: client.id, clientSecret: new Secret(secret.text) },
  }
}

async function updateDocument(
  services: Pick<Services, 'books' | 'now' | 'store'>,
  api: Api,
  provision: Provision,
): Promise<Api> {
  const stored = await services.store.read.apis.findDocumentText(api.tenant, api.id)
  const headers = api.credentialHeaders === undefined ? documentHeaders(provision) : {}
  if (stored?.text === provision.documentText && headers.credentialHeaders === undefined) return api
  const at = Math.floor(services.now())
  const declared = api.scopes.filter(({ source }) => source === 'declared')
  const names = new Set(declared.map(({ name }) => name))
  const scopes = [...declared, ...documentScopes(provision).filter(({ name }) => !names.has(name))]
  const next = { ...api, ...headers, ...grown(api, scopes), version: api.version + 1, updatedAt: at }
  const changed = withRetiredScopes(api, next)
  const { entries } = await services.store.write(async (transaction) => {
    await transaction.apis.update(changed)
    await transaction.apis.saveDocument(documentOf(api, provision, at))
    transaction.append({
      tenant: api.tenant,
      audit: { actor: { kind: 'system' }, action: 'api.import', objectType: 'api', objectId: api.id, requestId: 'dev' },
      objects: () => [apiObject(changed, at)],
    })
  })
  await services.books.settle(entries)
  return changed
}

/** A scope that was all of the API's becomes all that it has now. */
function grown(api: Api, scopes: Api['scopes']): Pick<Api, 'scopes' | 'accountScope' | 'selfServiceScope'> {
  const now = (scope: string) => (scope === allOf(api.scopes) ? allOf(scopes) : scope)
  return { scopes, accountScope: now(api.accountScope), selfServiceScope: now(api.selfServiceScope) }
}

function allOf(scopes: Api['scopes']): string {
  return formatScope(scopes.map(({ name }) => name))
}

/** Only where nobody has set any: an owner's choice is not widened by a document. */
function documentHeaders({ description }: Provision): Pick<Api, 'credentialHeaders'> {
  const { credentialHeaders } = description
  return credentialHeaders.length === 0 ? {} : { credentialHeaders }
}

function apiDraft(provision: Provision): ApiDraft {
  const all = allOf(documentScopes(provision))
  return {
    tenant: defaultTenantId,
    audience: provision.audience,
    name: provision.name.slice(0, 200),
    tokenTtlSeconds: serverLimits.tokenTtlSecondsDefault,
    scopes: documentScopes(provision),
    accountScope: all,
    selfServiceScope: all,
    ...documentHeaders(provision),
  }
}

function clientDraft(api: Api, { description, name }: Provision): ClientDraft {
  return {
    tenant: api.tenant,
    name: `First client of ${name}`.slice(0, 200),
    type: 'service',
    access: { [api.id]: formatScope(description.scopes.map((scope) => scope.name)) },
    guards: [],
    authority: noAuthority,
  }
}

function keyDraft(client: Client, api: Api, { keyScope }: Provision): KeyDraft {
  return {
    tenant: api.tenant,
    clientId: client.id,
    apiId: api.id,
    scope: formatScope(keyScope),
    name: 'First key',
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
    isJson: isJson(documentText),
    description,
    importedAt,
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
