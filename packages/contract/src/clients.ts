import { z } from 'zod'
import { route } from './route.ts'
import { nameSchemas } from './schema_names.ts'
import * as v from './values.ts'

const clientType = z
  .enum(['service', 'web', 'spa', 'native', 'agent'])
  .describe('The kind of software; `spa` and `native` have no secret')
const selfIssuedTtl = z
  .int()
  .min(1)
  .max(86_400)
  .describe('The longest life of a JWT that it signs itself, in seconds; default 3600')
const guards = z
  .array(z.union([v.audience, z.literal('*')]))
  .max(1_000)
  .describe('The audiences that it may verify credentials for; `*` for all')

const redirectUri = z
  .string()
  .min(1)
  .max(512)
  .describe('Compared byte for byte; a native client’s loopback URI may differ in its port')

const signIn = {
  redirectUris: z
    .array(redirectUri)
    .max(50)
    .describe('Where the authorization endpoint may send people back to (RFC 6749 §3.1.2); none: it signs nobody in'),
  verified: z
    .boolean()
    .describe('Its maker is known here: no warning beside its name, and a consent is remembered; default true'),
  consent: z
    .enum(['ask', 'skip'])
    .describe('`skip` only for applications of the API’s owner: nobody is asked; default ask'),
  requirePkce: z
    .boolean()
    .describe('Whether a client that authenticates needs PKCE (RFC 7636) too; public clients always do; default true'),
  postLogoutRedirectUris: z
    .array(redirectUri)
    .max(50)
    .describe('Where `/oauth/logout` may send people to (OpenID Connect RP-Initiated Logout §3.1); default none'),
  offlineAccess: z
    .boolean()
    .describe(
      'Whether it gets a refresh token when it asks for `offline_access`; native clients always get one; default false',
    ),
  idTokenAlg: z.enum(['RS256', 'ES256', 'EdDSA', 'PS256']).describe('The algorithm of its ID tokens; default RS256'),
}

const homepageUri = z
  .string()
  .max(2_048)
  .refine((text) => /^https:\/\//i.test(text) && URL.canParse(text), 'must be an absolute https URL')

const shown = {
  logoUri: v.logoUri
    .nullable()
    .describe('Where the picture was fetched that people see while it is verified; null for none'),
  homepageUri: homepageUri.nullable().describe('The https URL of its home page, which people see; null for none'),
}
const optionalShown = {
  logoUri: v.logoUri.nullable().optional(),
  homepageUri: homepageUri
    .nullable()
    .optional()
    .describe('The https URL of its home page, without a user; null for none'),
}

const shownSecret = z.object({ id: v.id, createdAt: v.stamps.createdAt, expiresAt: v.expiresAt })

const optionalSignIn = {
  redirectUris: signIn.redirectUris.optional(),
  verified: signIn.verified.optional(),
  consent: signIn.consent.optional(),
  requirePkce: signIn.requirePkce.optional(),
  postLogoutRedirectUris: signIn.postLogoutRedirectUris.optional(),
  offlineAccess: signIn.offlineAccess.optional(),
  idTokenAlg: signIn.idTokenAlg.optional(),
}

const jwkSet = z.object({ keys: z.array(v.jwk).describe('The public keys') })
const access = z.object({ audience: v.audience, scope: v.scopeText })

export const client = z.object({
  clientId: v.id,
  name: v.name,
  type: clientType,
  status: v.objectStatus,
  teamId: v.id.nullable().describe('The team that it is of; null where it is the tenant’s own'),
  access: z.array(access).describe('For each API, the scope that the client may ever have'),
  guards,
  ...signIn,
  ...shown,
  metadata: v.metadata,
  jwks: jwkSet.describe('Its public keys (RFC 7517 §5)'),
  secrets: z.array(shownSecret).describe('Its client secrets, without their text'),
  selfIssuedTtlSecondsMax: selfIssuedTtl,
  ...v.limited,
  ...v.stamps,
})

nameSchemas({ Access: access, JwkSet: jwkSet, Client: client, ClientType: clientType, ClientSecret: shownSecret })
const oneClient = '/v1/clients/{clientId}'

export const clientRoutes = {
  createClient: route({
    operationId: 'createClient',
    method: 'POST',
    path: '/v1/clients',
    tag: 'clients',
    summary: 'Register a client: the party that holds credentials, with the scopes that it may ever have',
    scope: 'clients:write',
    body: z.strictObject({
      name: v.name,
      type: clientType,
      teamId: v.id.optional().describe('The team that it shall be of; default: the only team of the person who asks'),
      access: v.access,
      guards: guards.optional(),
      ...optionalSignIn,
      ...optionalShown,
      jwks: v.jwks.optional(),
      metadata: v.metadata.optional(),
      selfIssuedTtlSecondsMax: selfIssuedTtl.optional(),
      ...v.limiting,
    }),
    answer: {
      status: 201,
      schema: client.extend({
        clientSecret: z.string().optional().describe('Its first secret, shown once; absent for `spa` and `native`'),
      }),
    },
    isIdempotent: true,
  }),
  listClients: route({
    operationId: 'listClients',
    method: 'GET',
    path: '/v1/clients',
    tag: 'clients',
    summary: 'List clients',
    scope: 'clients:read',
    query: z.strictObject(v.listQuery('createdAt', 'name')),
    answer: { status: 200, schema: v.page(client) },
  }),
  getClient: route({
    operationId: 'getClient',
    method: 'GET',
    path: oneClient,
    tag: 'clients',
    summary: 'Read a client',
    scope: 'clients:read',
    answer: { status: 200, schema: client },
  }),
  updateClient: route({
    operationId: 'updateClient',
    method: 'PATCH',
    path: oneClient,
    tag: 'clients',
    summary: 'Change a client; access and status hold at once for every live credential it has',
    scope: 'clients:write',
    body: z.strictObject({
      name: v.name.optional(),
      status: v.switchable.optional(),
      teamId: v.id.nullable().optional().describe('The team that it shall be of; null takes it out of its team'),
      access: v.access.optional(),
      guards: guards.optional(),
      ...optionalSignIn,
      ...optionalShown,
      jwks: v.jwks.optional(),
      metadata: v.metadata.optional(),
      selfIssuedTtlSecondsMax: selfIssuedTtl.optional(),
      force: v.force,
      ...v.limiting,
    }),
    answer: { status: 200, schema: client },
  }),
  deleteClient: route({
    operationId: 'deleteClient',
    method: 'DELETE',
    path: oneClient,
    tag: 'clients',
    summary: 'Delete a client; everything it holds is revoked',
    scope: 'clients:write',
    query: v.forceQuery,
    answer: {
      status: 200,
      schema: z.object({ clientId: v.id, status: v.revoked, ...v.inFeed }),
    },
  }),
  listClientSecrets: route({
    operationId: 'listClientSecrets',
    method: 'GET',
    path: `${oneClient}/secrets`,
    tag: 'clients',
    summary: 'List the secrets of a client, without their text',
    scope: 'clients:read',
    answer: { status: 200, schema: z.object({ data: z.array(shownSecret).describe('All of them, the oldest first') }) },
  }),
  createClientSecret: route({
    operationId: 'createClientSecret',
    method: 'POST',
    path: `${oneClient}/secrets`,
    tag: 'clients',
    summary: 'Create a client secret; the others end after graceSeconds, or live on when none is given',
    scope: 'clients:write',
    body: z.strictObject({ graceSeconds: v.graceSeconds.optional(), force: v.force }),
    answer: {
      status: 201,
      schema: z.object({
        id: v.id,
        clientId: v.id,
        clientSecret: z.string().describe('The secret itself, shown once'),
        createdAt: v.stamps.createdAt,
      }),
    },
    isIdempotent: true,
  }),
  revokeClientSecret: route({
    operationId: 'revokeClientSecret',
    method: 'POST',
    path: `${oneClient}/secrets/{id}/revoke`,
    tag: 'clients',
    summary: 'End one client secret at once, by its id, as a scan finds it',
    scope: 'clients:write',
    body: z.strictObject({ reason: v.reason, force: v.force }),
    answer: { status: 200, schema: z.object({ id: v.id, clientId: v.id, ...v.inFeed }) },
  }),
  revokeClient: route({
    operationId: 'revokeClient',
    method: 'POST',
    path: `${oneClient}/revoke`,
    tag: 'clients',
    summary: 'End every key, token, secret and public key of the client; new ones can be made at once',
    scope: 'clients:write',
    body: z.strictObject({ reason: v.reason, force: v.force }),
    answer: {
      status: 200,
      schema: z.object({
        clientId: v.id,
        keys: z.int().describe('API keys that were ended'),
        tokens: z.int().describe('Listed tokens that were ended; tokens in no list end as well'),
        secrets: z.int().describe('Client secrets that were ended'),
        publicKeys: z.int().describe('Public keys that were removed'),
        ...v.inFeed,
      }),
    },
  }),
}
