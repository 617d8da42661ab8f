import { type AuditAction, routes } from '@countersign/contract'
import { formatTime } from '@countersign/core'
import { diffDescriptions } from '@countersign/openapi'
import { type Api, type ApiScope, newApi } from '@countersign/store'
import { apiObject, signingKeyObject } from '../feed/objects.ts'
import { ProblemError } from '../http/problem.ts'
import { createSigningKey, signingNow } from '../keys/signing_keys.ts'
import { serverLimits } from '../limits.ts'
import { identityScopes } from '../oauth/person/identity_scope.ts'
import { shownScope } from '../oauth/shown_scope.ts'
import { goneScopes, withRetiredScopes } from '../tenants/retired_scopes.ts'
import { findRead, operationView } from './apis/documents.ts'
import {
  callUrlOf,
  givenScopes,
  headersOf,
  offerOf,
  requireNotOurs,
  resourcesOf,
  withoutCallUrl,
} from './apis/members.ts'
import type { WriteContext } from './context.ts'
import { findApi, findApis, findScopeHolders, findSigningKeys, invalid } from './find.ts'
import { limitsOf, limitsView, withoutLimits } from './limited.ts'
import { pageAnswer, pageOf } from './lists/cursor.ts'
import { type AnswerOf, type Operation, readOperation, writeOperation } from './operation.ts'

type ApiView = AnswerOf<typeof routes.getApi>

export function apiView(api: Api): ApiView {
  return {
    id: api.id,
    audience: api.audience,
    name: api.name,
    status: api.status,
    scopes: api.scopes.map(({ name, description }) => ({ name, description })),
    retiredScopes: [...(api.retiredScopes ?? [])],
    credentialHeaders: [...(api.credentialHeaders ?? [])],
    accountScope: api.accountScope,
    selfServiceScope: api.selfServiceScope,
    onRequestScope: api.onRequestScope,
    callUrl: api.callUrl ?? null,
    resources: [...(api.resources ?? [])],
    tokenTtlSeconds: api.tokenTtlSeconds,
    tokenTtlSecondsMax: api.tokenTtlSecondsMax,
    tokenFormat: api.tokenFormat,
    // The store holds it as text; the contract lets in no other.
    signingAlg: api.signingAlg as ApiView['signingAlg'],
    scopeClaim: api.scopeClaim,
    maxStalenessSeconds: api.maxStalenessSeconds,
    ...limitsView(api),
    builtIn: api.isBuiltIn,
    createdAt: formatTime(api.createdAt),
    updatedAt: formatTime(api.updatedAt),
  }
}

const createApi = writeOperation(routes.createApi, async (context) => {
  const { body, now, services, tenant, transaction } = context
  requireNotOurs(body.audience, services.baseUrl, '/audience')
  const scopes = declaredScopes(body.scopes ?? [])
  const draft = {
    tenant: tenant.id,
    audience: body.audience,
    name: body.name,
    tokenTtlSeconds: body.tokenTtlSeconds ?? serverLimits.tokenTtlSecondsDefault,
    tokenTtlSecondsMax: body.tokenTtlSecondsMax,
    tokenFormat: body.tokenFormat,
    signingAlg: body.signingAlg,
    scopeClaim: body.scopeClaim,
    maxStalenessSeconds: body.maxStalenessSeconds,
    scopes,
    ...offerOf(body, { scopes }),
    ...callUrlOf(body.callUrl),
    ...resourcesOf(body, body.audience, services.baseUrl),
    ...headersOf(body),
    ...limitsOf(body),
  }
  const api = newApi(draft, { now, randomBytes: services.randomBytes })
  requireTtls(api)
  await transaction.apis.insert(api)
  const keyObjects = await ensureSigningKey(context, api.signingAlg)
  transaction.append({
    tenant: tenant.id,
    audit: { ...auditOf(context, 'api.create', api), after: apiView(api) },
    objects: (sequence) => [apiObject(api, now, sequence), ...keyObjects],
    rows: (sequence) => transaction.apis.setCreatedSequence(tenant.id, api.id, sequence),
  })
  return { status: 201, body: apiView(api) }
})

const listApis = readOperation(routes.listApis, async (context) => {
  const apis = await findApis(context, pageOf(context, 'apis'))
  return pageAnswer(context, 'apis', apis, (api) => api.id, apiView)
})

const getApi = readOperation(routes.getApi, async (context) =>
  apiView(await findApi(context, context.params.id as string)),
)

const fixedText =
  'Status, names, scopes, headers of credentials, token format and limits of the management API are fixed.'

/** The management API takes no rate limit: once spent, it would refuse the very call that removes it. */
const fixedSettings = [
  'status',
  'scopes',
  'credentialHeaders',
  ...givenScopes,
  'callUrl',
  'resources',
  'tokenFormat',
  'rateLimit',
  'rateLimits',
] as const

const updateApi = writeOperation(routes.updateApi, async (context) => {
  const { body, now, services, tenant, transaction } = context
  const api = await findApi(context, context.params.id as string)
  if (api.isBuiltIn) requireManagementHeld(context, api)
  if (api.isBuiltIn && fixedSettings.some((setting) => body[setting] !== undefined)) {
    throw new ProblemError(409, 'built_in', fixedText)
  }
  const documentScopes = api.scopes.filter(({ source }) => source === 'document')
  const scopes =
    body.scopes === undefined ? api.scopes : mergeScopes(declaredScopes(body.scopes, api.scopes), documentScopes)
  const changed: Api = {
    ...withoutCallUrl(withoutLimits(api)),
    ...limitsOf(body, api),
    ...headersOf(body),
    name: body.name ?? api.name,
    status: body.status ?? api.status,
    scopes,
    ...resourcesOf(body, api.audience, services.baseUrl),
    ...callUrlOf(body.callUrl === undefined ? api.callUrl : body.callUrl),
    tokenTtlSeconds: body.tokenTtlSeconds ?? api.tokenTtlSeconds,
    tokenTtlSecondsMax: body.tokenTtlSecondsMax ?? api.tokenTtlSecondsMax,
    tokenFormat: body.tokenFormat ?? api.tokenFormat,
    signingAlg: body.signingAlg ?? api.signingAlg,
    scopeClaim: body.scopeClaim ?? api.scopeClaim,
    maxStalenessSeconds: body.maxStalenessSeconds ?? api.maxStalenessSeconds,
    version: api.version + 1,
    updatedAt: Math.floor(now),
  }
  requireTtls(changed)
  if (body.force !== true) await requireNoHolders(context, api.id, goneScopes(api, changed))
  const withRetired = withRetiredScopes(api, changed)
  const next: Api = { ...withRetired, ...offerOf(body, withRetired) }
  await transaction.apis.update(next)
  const keyObjects = await ensureSigningKey(context, changed.signingAlg)
  transaction.append({
    tenant: tenant.id,
    audit: { ...auditOf(context, 'api.update', api), before: apiView(api), after: apiView(next) },
    objects: () => [apiObject(next, now), ...keyObjects],
  })
  return { status: 200, body: apiView(next) }
})

const deleteApi = writeOperation(routes.deleteApi, async (context) => {
  const { now, tenant, transaction } = context
  const api = await findApi(context, context.params.id as string)
  if (api.isBuiltIn) throw new ProblemError(409, 'built_in', 'A built-in API cannot be deleted.')
  await transaction.apis.delete(tenant.id, api.id)
  const deleted: Api = { ...api, status: 'revoked', version: api.version + 1 }
  transaction.append({
    tenant: tenant.id,
    audit: { ...auditOf(context, 'api.delete', api), before: apiView(api) },
    objects: () => [apiObject(deleted, now)],
  })
  return { status: 200, bodyOf: (feedSequence) => ({ id: api.id, status: 'revoked' as const, feedSequence }) }
})

const importOpenapi = writeOperation(routes.importOpenapi, async (context) => {
  const { body, query, now, tenant, transaction } = context
  const api = await findApi(context, context.params.id as string)
  if (api.isBuiltIn)
    throw new ProblemError(409, 'built_in', 'The management API has a document of its own: /openapi.json.')
  const { json, description: after } = body
  const diff = diffDescriptions(await findRead(context, api), after)
  const scopes: readonly ApiScope[] = after.scopes.map(({ name, description }) => ({
    name,
    description,
    source: 'document',
  }))
  if (query.dryRun === 'false') {
    const declared = api.scopes.filter(({ source }) => source === 'declared')
    const next: Api = {
      ...api,
      scopes: mergeScopes(declared, scopes),
      version: api.version + 1,
      updatedAt: Math.floor(now),
    }
    if (query.force !== 'true') await requireNoHolders(context, api.id, goneScopes(api, next))
    const changed = withRetiredScopes(api, next)
    await transaction.apis.update(changed)
    await transaction.apis.saveDocument({
      tenant: tenant.id,
      apiId: api.id,
      text: json,
      isJson: true,
      description: after,
      importedAt: Math.floor(now),
    })
    const { added, removed, becamePublic } = diff
    transaction.append({
      tenant: tenant.id,
      audit: {
        ...auditOf(context, 'api.import', api),
        after: {
          title: after.title,
          operations: after.operations.length,
          added: added.length,
          removed: removed.length,
          becamePublic,
        },
      },
      objects: () => [apiObject(changed, now)],
    })
  }
  return {
    status: 200,
    body: {
      operations: after.operations.map(operationView),
      scopes: after.scopes,
      added: diff.added,
      removed: diff.removed,
      becamePublic: diff.becamePublic,
      credentialHeaders: after.credentialHeaders,
      problems: after.problems.map(({ code, pointer, message }) => ({ code, pointer, detail: message })),
    },
  }
})

/** Refused while somebody has a scope that would be retired, unless forced. */
async function requireNoHolders(context: WriteContext, apiId: string, gone: readonly string[]): Promise<void> {
  const { count, holders } = await findScopeHolders(context, apiId, gone)
  if (count === 0) return
  const detail =
    `${count} clients, keys and listed tokens have ${shownScope(gone)}; JWTs that nothing lists are not counted. ` +
    'Take it from them, or send force: then every decision takes it away.'
  const errors = holders.map(({ type, id }) => ({ pointer: `/${type}s/${id}`, detail: `has one of them` }))
  throw new ProblemError(409, 'scope_in_use', detail, { errors })
}

function requireTtls(api: Api): void {
  if (api.tokenTtlSeconds > api.tokenTtlSecondsMax)
    throw invalid('/tokenTtlSeconds', 'must not be above tokenTtlSecondsMax')
}

function declaredScopes(
  scopes: readonly { readonly name: string; readonly description?: string }[],
  before: readonly ApiScope[] = [],
): readonly ApiScope[] {
  const names = scopes.map(({ name }) => name)
  if (new Set(names).size < names.length) throw invalid('/scopes', 'names a scope twice')
  const taken = names.find((name) => identityScopes.has(name) && !before.some((scope) => scope.name === name))
  if (taken !== undefined) throw invalid('/scopes', `names ${taken}: an identity scope belongs to no API`)
  return scopes.map(({ name, description }) => ({ name, description: description ?? '', source: 'declared' }))
}

/** Declared by hand wins over the document's of the same name. */
function mergeScopes(declared: readonly ApiScope[], fromDocument: readonly ApiScope[]): readonly ApiScope[] {
  const names = new Set(declared.map(({ name }) => name))
  return [...declared, ...fromDocument.filter(({ name }) => !names.has(name))]
}

/** The first key of an algorithm signs at once: there is no older one that verifiers could still trust instead. */
async function ensureSigningKey(context: WriteContext, alg: string) {
  const { now, services, tenant, transaction } = context
  const keys = (await findSigningKeys(context)).filter((key) => key.alg === alg && key.purpose === 'access_token')
  if (signingNow(keys, now) !== undefined) return []
  const key = await createSigningKey({
    tenant: tenant.id,
    alg,
    purpose: 'access_token',
    master: services.master,
    now,
    signsAt: now,
  })
  await transaction.signingKeys.insert(key)
  return [signingKeyObject(key)]
}

function requireManagementHeld(context: WriteContext, api: Api): void {
  context.requireHeld(api.scopes.map(({ name }) => name))
}

function auditOf({ actor, requestId }: WriteContext, action: AuditAction, api: Api) {
  return { actor, action, objectType: 'api', objectId: api.id, requestId }
}

export const apiOperations: readonly Operation[] = [createApi, listApis, getApi, updateApi, deleteApi, importOpenapi]
