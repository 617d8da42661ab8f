import { type AuditAction, routes } from '@countersign/contract'
import { formatTime, generateKey } from '@countersign/core'
import {
  type Client,
  type ClientJwk,
  type ClientSecret,
  isPublicClient,
  newClient,
  newClientSecret,
} from '@countersign/store'
import { clientObject, clientSecretObject, publicKeyObject } from '../feed/objects.ts'
import { cutOffAt } from '../feed/revoker.ts'
import { ProblemError } from '../http/problem.ts'
import { isExplorer } from '../tenants/tenant_setup.ts'
import { readAccess, requireMayTouch, requireNotBuiltIn } from './access.ts'
import { presentAuthority, raisedAuthority } from './authority.ts'
import { endClient } from './clients/end.ts'
import { insertJwks, replaceJwks } from './clients/jwks.ts'
import { fetchForChange, fetchForNew, keepPicture, shownOf, shownView, withoutShown } from './clients/shown.ts'
import { signInOf, signInView } from './clients/sign_in.ts'
import {
  admitted,
  findTeamOfNew,
  placed,
  requireTenantSettings,
  requireWithinCeiling,
  signInOfNew,
  trustedAs,
  withoutTeam,
} from './clients/team.ts'
import type { ReadContext, WriteContext } from './context.ts'
import { audienceOf, findClient, findClients, notFound } from './find.ts'
import { limitsOf, limitsView, withoutLimits } from './limited.ts'
import { pageAnswer, pageOf } from './lists/cursor.ts'
import { type AnswerOf, type Operation, preparedOperation, readOperation, writeOperation } from './operation.ts'

/** A client as answered, with the ids of its secrets and its public keys, never a secret. */
async function clientView(
  context: ReadContext | WriteContext,
  client: Client,
): Promise<AnswerOf<typeof routes.getClient>> {
  const reads = 'transaction' in context ? context.transaction : context.services.store.read
  const access = []
  for (const [apiId, scope] of Object.entries(client.access))
    access.push({ audience: await audienceOf(context, apiId), scope })
  const secrets = await reads.clients.secrets(client.tenant, client.id)
  const jwks = await reads.clients.jwks(client.tenant, client.id)
  return {
    clientId: client.id,
    name: client.name,
    type: client.type,
    status: client.status,
    teamId: client.teamId ?? null,
    access,
    guards: client.guards,
    ...signInView(client),
    ...shownView(client),
    metadata: client.metadata,
    jwks: { keys: jwks.map(({ publicJwk: jwk, kid, alg }) => ({ ...jwk, kid, alg })) },
    secrets: secretViews(secrets),
    selfIssuedTtlSecondsMax: client.selfIssuedLifeSecondsMax,
    ...limitsView(client),
    createdAt: formatTime(client.createdAt),
    updatedAt: formatTime(client.updatedAt),
  }
}

const createClient = preparedOperation(routes.createClient, fetchForNew, async (context, fetched) => {
  const { body, now, services, tenant, transaction } = context
  requireTenantSettings(context)
  const team = await findTeamOfNew(context)
  const access = await readAccess(context, body.access)
  if (team !== undefined) requireWithinCeiling(team, access)
  const guards = body.guards ?? []
  const draft = {
    tenant: tenant.id,
    name: body.name,
    type: body.type,
    access,
    guards,
    authority: presentAuthority({ access, guards }),
    metadata: body.metadata,
    selfIssuedLifeSecondsMax: body.selfIssuedTtlSecondsMax,
    ...signInOf(signInOfNew(context), body.type),
    ...shownOf(body, fetched),
    ...limitsOf(body),
  }
  const made = newClient(draft, { now, randomBytes: services.randomBytes })
  const client = team === undefined ? made : { ...made, ...(await admitted(context, made, team)) }
  requireMayTouch(context, client)
  await transaction.clients.insert(client)
  await keepPicture(context, client, fetched)
  if (body.jwks !== undefined) await insertJwks(context, client, body.jwks)
  const secret = isPublicClient(client) ? undefined : await insertSecret(context, client)
  const view = await clientView(context, client)
  append(context, 'client.create', client, undefined, view)
  return { status: 201, body: { ...view, ...(secret === undefined ? {} : { clientSecret: secret.text }) } }
})

const listClients = readOperation(routes.listClients, async (context) => {
  const clients = await findClients(context, pageOf(context, 'clients'))
  const views = new Map<string, object>()
  for (const client of clients.slice(0, context.query.limit)) views.set(client.id, await clientView(context, client))
  return pageAnswer(
    context,
    'clients',
    clients,
    (client) => client.id,
    (client) => views.get(client.id) as object,
  )
})

const getClient = readOperation(routes.getClient, async (context) =>
  clientView(context, await findClient(context, context.params.clientId as string)),
)

/** Access and status hold for every live credential of the client at once: they are read at each decision. */
const updateClient = preparedOperation(routes.updateClient, fetchForChange, async (context, fetched) => {
  const { body, now, transaction } = context
  requireTenantSettings(context)
  const client = await findClient(context, context.params.clientId as string)
  if (!isExplorer(client) || Object.keys(body).some((name) => name !== 'status' && name !== 'force'))
    requireNotBuiltIn(client)
  requireMayTouch(context, client)
  const before = await clientView(context, client)
  const given = {
    ...(body.status === undefined ? {} : { status: body.status }),
    ...(body.access === undefined ? {} : { access: await readAccess(context, body.access) }),
  }
  const { access, status, ...place } = await placed(context, client, given)
  const guards = body.guards ?? client.guards
  const changed: Client = {
    ...withoutShown(withoutTeam(withoutLimits(client))),
    ...limitsOf(body, client),
    ...place,
    access,
    name: body.name ?? client.name,
    status,
    guards,
    authority: raisedAuthority(client.authority, { access, guards }),
    metadata: body.metadata ?? client.metadata,
    ...signInOf(trustedAs(context, client), client.type, client),
    ...shownOf(body, fetched, client),
    selfIssuedLifeSecondsMax: body.selfIssuedTtlSecondsMax ?? client.selfIssuedLifeSecondsMax,
    version: client.version + 1,
    updatedAt: Math.floor(now),
  }
  requireMayTouch(context, changed)
  await transaction.clients.update(changed)
  await keepPicture(context, changed, fetched, client)
  const removed = body.jwks === undefined ? [] : await replaceJwks(context, changed, body.jwks)
  const after = await clientView(context, changed)
  append(context, 'client.update', changed, before, after, removed)
  return { status: 200, body: after }
})

const deleteClient = writeOperation(routes.deleteClient, async (context) => {
  const { now, transaction } = context
  const client = await findClient(context, context.params.clientId as string)
  requireNotBuiltIn(client)
  requireMayTouch(context, client)
  const before = await clientView(context, client)
  append(context, 'client.delete', await endClient(transaction, client, now), before, undefined)
  return { status: 200, bodyOf: (feedSequence) => ({ clientId: client.id, status: 'revoked' as const, feedSequence }) }
})

const createClientSecret = writeOperation(routes.createClientSecret, async (context) => {
  const { body, now, tenant, transaction, actor, requestId } = context
  const client = await findClient(context, context.params.clientId as string)
  requireNotBuiltIn(client)
  requireMayTouch(context, client)
  if (isPublicClient(client)) throw new ProblemError(409, 'no_secret', `A client of type ${client.type} has no secret.`)
  const secret = await insertSecret(context, client)
  // Said to all who have read the others: they end now.
  const changed: Client = { ...client, version: client.version + 1, updatedAt: Math.floor(now) }
  const ended = body.graceSeconds === 0 ? await currentSecrets(context, client, secret.record.id) : []
  if (body.graceSeconds !== undefined) {
    await transaction.clients.expireSecrets(tenant.id, client.id, Math.floor(now + body.graceSeconds), secret.record.id)
    await transaction.clients.update(changed)
  }
  transaction.append({
    tenant: tenant.id,
    ...(body.graceSeconds === undefined
      ? {}
      : {
          objects: () => [clientObject(changed, now), ...ended.map(({ id }) => clientSecretObject(client.id, id, now))],
        }),
    audit: {
      actor,
      action: 'client.secret.create',
      objectType: 'client',
      objectId: client.id,
      after: { secretId: secret.record.id, graceSeconds: body.graceSeconds ?? null },
      requestId,
    },
  })
  const { id, createdAt } = secret.record
  return { status: 201, body: { id, clientId: client.id, clientSecret: secret.text, createdAt: formatTime(createdAt) } }
})

/** That could be used until now: ended at once they are revoked, each by an entry of its own. */
async function currentSecrets({ transaction, now }: WriteContext, { tenant, id }: Client, exceptId: string) {
  const secrets = await transaction.clients.secrets(tenant, id)
  return secrets.filter((each) => each.id !== exceptId && (each.expiresAt === undefined || each.expiresAt > now))
}

const listClientSecrets = readOperation(routes.listClientSecrets, async (context) => {
  const client = await findClient(context, context.params.clientId as string)
  return { data: secretViews(await context.services.store.read.clients.secrets(client.tenant, client.id)) }
})

/** An entry about the client too: whoever has read its secrets reads them again. */
const revokeClientSecret = writeOperation(routes.revokeClientSecret, async (context) => {
  const { body, now, params, tenant, transaction } = context
  const client = await findClient(context, params.clientId as string)
  requireMayTouch(context, client)
  const id = params.id as string
  const secrets = await transaction.clients.secrets(tenant.id, client.id)
  if (!secrets.some((secret) => secret.id === id)) throw notFound('client secret')
  await transaction.clients.deleteSecret(tenant.id, client.id, id)
  const changed: Client = { ...client, version: client.version + 1, updatedAt: Math.floor(now) }
  await transaction.clients.update(changed)
  const after = { secretId: id, reason: body.reason ?? null }
  transaction.append({
    tenant: tenant.id,
    audit: { ...auditOf(context, 'client.secret.revoke', client), after },
    objects: () => [clientObject(changed, now), clientSecretObject(client.id, id, now)],
  })
  return { status: 200, bodyOf: (feedSequence) => ({ id, clientId: client.id, feedSequence }) }
})

function secretViews(secrets: readonly ClientSecret[]) {
  return secrets.map(({ id, createdAt, expiresAt }) => ({
    id,
    createdAt: formatTime(createdAt),
    expiresAt: expiresAt === undefined ? null : formatTime(expiresAt),
  }))
}

/** Tokens by a cut-off at this entry's own number, rows by their state; what is made afterwards is good. */
const revokeClient = writeOperation(routes.revokeClient, async (context) => {
  const { now, tenant, transaction, body } = context
  const client = await findClient(context, context.params.clientId as string)
  requireMayTouch(context, client)
  const at = Math.floor(now)
  const keys = await transaction.keys.revokeByClient(tenant.id, client.id, at)
  const tokens = await transaction.tokens.revokeByClient(tenant.id, client.id, at)
  const secrets = await transaction.clients.deleteSecrets(tenant.id, client.id)
  const jwks = await transaction.clients.jwks(tenant.id, client.id)
  for (const { kid } of jwks) await transaction.clients.deleteJwk(tenant.id, client.id, kid)
  const authority = presentAuthority(client)
  const changed: Client = { ...client, authority, version: client.version + 1, updatedAt: at }
  await transaction.clients.update(changed)
  const counts = { keys: keys.length, tokens: tokens.length, secrets, publicKeys: jwks.length }
  transaction.append({
    tenant: tenant.id,
    audit: { ...auditOf(context, 'client.revoke', client), after: { ...counts, reason: body.reason ?? null } },
    ...cutOffAt(
      transaction,
      changed,
      'everything',
      now,
      jwks.map(({ thumbprint }) => publicKeyObject(client.id, thumbprint, now)),
    ),
  })
  return { status: 200, bodyOf: (feedSequence) => ({ clientId: client.id, ...counts, feedSequence }) }
})

async function insertSecret(
  context: WriteContext,
  client: Client,
): Promise<{ readonly record: ClientSecret; readonly text: string }> {
  const { services, transaction, now } = context
  const { keyPrefix: prefix, randomBytes } = services
  const generated = generateKey({ prefix, marker: 'secret', randomBytes })
  const record = await newClientSecret(generated, client, now)
  await transaction.clients.insertSecret(record)
  return { record, text: generated.text }
}

function auditOf({ actor, requestId }: WriteContext, action: AuditAction, client: Client) {
  return { actor, action, objectType: 'client', objectId: client.id, requestId }
}

function append(
  context: WriteContext,
  action: AuditAction,
  client: Client,
  before: object | undefined,
  after: object | undefined,
  removed: readonly ClientJwk[] = [],
): void {
  const { now, tenant, transaction } = context
  transaction.append({
    tenant: tenant.id,
    audit: { ...auditOf(context, action, client), before, after },
    objects: () =>
      action === 'client.create'
        ? []
        : [clientObject(client, now), ...removed.map(({ thumbprint }) => publicKeyObject(client.id, thumbprint, now))],
  })
}

export const clientOperations: readonly Operation[] = [
  createClient,
  listClients,
  getClient,
  updateClient,
  deleteClient,
  createClientSecret,
  listClientSecrets,
  revokeClientSecret,
  revokeClient,
]
