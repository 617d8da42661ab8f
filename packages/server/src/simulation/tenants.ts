/**
 * The tenants of the model, made once. Clients, APIs and tokens of both have the same ids, so that a wall with a hole shows.
 */
import type { Ancestor } from '@countersign/core'
import type { Api, Client, ClientJwk, Key, SigningKey, Tenant, Token } from '@countersign/store'
import {
  apiId,
  audience,
  clientIds,
  clientPair,
  createKey,
  createOpaqueToken,
  forge,
  fresh,
  issuedPosition,
  issuerOf,
  type ModelCredential,
  ownPairs,
  randomBytes,
  selfIssue,
  signToken,
  startAt,
  thumbprint,
} from './credentials.ts'

/** The JWTs that each tenant issues in one run. */
const mintedMax = 20

/** The rows that are there when a run begins. */
export interface ModelTenant {
  readonly tenant: Tenant
  readonly issuer: string
  readonly api: Api
  readonly clients: readonly Client[]
  readonly keys: readonly Key[]
  readonly tokens: readonly Token[]
  readonly jwk: ClientJwk
  readonly signingKeys: readonly SigningKey[]
  readonly credentials: readonly ModelCredential[]
  /** JWTs that are issued during a run, when the log has come to their position; no row knows them. */
  readonly minted: readonly ModelCredential[]
}

/** Issued before the run, by servers whose clocks disagree by up to 30 s: `cs_pos` says when, `iat` does not. */
const jwts = [
  { jti: 'tok_0', client: 0, pair: 0, iat: -130, life: 10_000, ofKey: false, parent: undefined },
  { jti: 'tok_1', client: 1, pair: 1, iat: 9, life: 3_000, ofKey: false, parent: undefined },
  { jti: 'tok_2', client: 0, pair: 0, iat: 8, life: 5_000, ofKey: true, parent: undefined },
  // It ends between a week and the drop time of a week whose clocks were ahead.
  { jti: 'tok_week', client: 1, pair: 1, iat: -5, life: 607_500, ofKey: false, parent: undefined },
  { jti: 'tok_3', client: 0, pair: 1, iat: -90, life: 200, ofKey: false, parent: 'tok_0' },
] as const

const opaques = [
  { client: 0, life: 4_000, ofKey: false },
  { client: 1, life: 250, ofKey: true },
] as const

export const tenants: readonly ModelTenant[] = [await createTenant('ten_1', ''), await createTenant('ten_2', 'two')]

async function createTenant(id: string, slug: string): Promise<ModelTenant> {
  const issuer = issuerOf(slug)
  const keys = [0, 1, 2].map((index) => createKey(id, clientIds[index % 2] as string, startAt - 200, randomBytes))
  const firstKey = (keys[0] as (typeof keys)[number]).credential
  // A token is exchanged only to the client of what it is exchanged for.
  const lineageOf = (client: number, ofKey: boolean, parent?: string): readonly Ancestor[] => [
    ...(ofKey ? [{ type: 'key' as const, id: (keys[client] as (typeof keys)[number]).row.id }] : []),
    ...(parent === undefined ? [] : [{ type: 'token' as const, id: parent }]),
  ]
  const tokens = await Promise.all(
    jwts.map(({ jti, client, pair, iat, life, ofKey, parent }) => {
      const options = {
        clientId: clientIds[client] as string,
        createdAt: startAt + iat,
        endsAt: startAt + life,
        position: issuedPosition,
        lineage: lineageOf(client, ofKey, parent),
      }
      return signToken(id, issuer, jti, pair, options)
    }),
  )
  const minted = await Promise.all(
    Array.from({ length: mintedMax }, (_, index) => {
      const position = issuedPosition + 1 + index
      const clientId = clientIds[index % 2] as string
      const options = { clientId, createdAt: startAt, endsAt: startAt + 6_000, position, lineage: [] }
      return signToken(id, issuer, `minted_${position}`, index % 2, options)
    }),
  )
  const opaque = opaques.map(({ client, life, ofKey }) => {
    const lineage = lineageOf(client, ofKey)
    const options = { clientId: clientIds[client], createdAt: startAt - 60, endsAt: startAt + life, lineage }
    return createOpaqueToken(id, { ...options, position: issuedPosition }, randomBytes)
  })
  return {
    tenant: { id, slug, name: id, status: 'active', ...fresh },
    issuer,
    api: {
      tenant: id,
      id: apiId,
      audience,
      name: 'API',
      status: 'active',
      tokenTtlSeconds: 3_600,
      tokenTtlSecondsMax: 86_400,
      tokenFormat: 'jwt',
      signingAlg: 'RS256',
      scopeClaim: 'string',
      accountScope: '',
      selfServiceScope: '',
      onRequestScope: '',
      maxStalenessSeconds: 300,
      isBuiltIn: false,
      createdSequence: 0,
      scopes: [],
      ...fresh,
    },
    clients: clientIds.map((clientId) => ({
      tenant: id,
      id: clientId,
      name: clientId,
      type: 'service',
      status: 'active',
      access: { [apiId]: 'a b' },
      guards: [],
      authority: { scope: '', guards: [] },
      metadata: {},
      selfIssuedLifeSecondsMax: 3_600,
      cutOff: 0,
      ...fresh,
    })),
    keys: keys.map(({ row }) => row),
    // The last JWT is of the token endpoint: no row knows it.
    tokens: [...tokens.slice(0, -1), ...opaque].map(({ row }) => row),
    jwk: {
      tenant: id,
      clientId: clientIds[1],
      kid: 'c1',
      thumbprint,
      alg: 'RS256',
      publicJwk: clientPair.publicJwk,
      createdAt: startAt - 200,
    },
    signingKeys: ownPairs.map(({ kid, publicJwk }) => ({
      tenant: id,
      kid,
      alg: 'RS256',
      purpose: 'access_token',
      publicJwk,
      publishedAt: startAt - 2_000,
      signsAt: startAt - 1_000,
      status: 'active',
      version: 1,
    })),
    credentials: [
      ...keys.map(({ credential }) => credential),
      ...[...tokens, ...opaque].map(({ credential }) => credential),
      await selfIssue(id, 's_0', 100),
      await selfIssue(id, 's_1', 400),
      forge(firstKey),
    ],
    minted: minted.map(({ credential }) => credential),
  }
}
