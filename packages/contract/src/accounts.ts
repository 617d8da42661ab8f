import type { CredentialKind } from '@countersign/core'
import { z } from 'zod'
import { credentialKinds, openText } from './codes.ts'
import { route } from './route.ts'
import { nameSchemas } from './schema_names.ts'
import { teamRole } from './teams.ts'
import * as v from './values.ts'

const emailVerified = z
  .boolean()
  .describe('Mail to the address is known to reach the person; a verified address is unique in its tenant')
const password = z
  .string()
  .min(1)
  .max(1_024)
  .describe('A password, 8 to 256 characters, which no answer shows; it needs a verified address')
const role = z.literal('operator').describe('An operator runs the tenant, with the management scope of the account')
const externalText = 'The id that you have for the person, unique in the tenant; tokens for the person carry it'
const externalSubject = v.subject.describe(externalText)
const given = z.object({ audience: v.audience, scope: v.scopeText })

export const account = z.object({
  id: v.id,
  email: v.emailText.nullable().describe('The address of the person; null where none is known'),
  emailVerified,
  name: v.personName,
  externalSubject: z.string().nullable().describe('The id that you have for the person; null where there is none'),
  status: v.objectStatus,
  role: role.nullable().describe('`operator` for those who run the tenant; null for all others'),
  scope: v.scopeText.describe('The management scope of an operator; empty for all others'),
  access: z
    .array(given)
    .describe('For each API named here, the most that the account may give; others have a default of their own'),
  ...v.stamps,
})

const accountAccess = v.access.describe('For each API, the most that the account may give there')
const operatorScope = v.scope.describe('The management scope of an operator; default: all that the tenant has')

const shownSession = z.object({
  id: v.id,
  accountId: v.id,
  createdAt: v.time.describe('When the person signed in'),
  lastSeenAt: v.time.describe('When it was last used, to the hour'),
  expiresAt: v.time.describe('When it ends, unless it is used before'),
  userAgent: z.string().describe('The `User-Agent` of the browser; empty where it sent none'),
  address: z.string().nullable().describe('The address of the browser; null where it is not known'),
  current: z.boolean().describe('It is the session that asks'),
})

const shownConsent = z.object({
  id: v.id,
  accountId: v.id,
  clientId: v.id,
  client: z
    .object({
      name: v.name,
      verified: z.boolean().describe('The owner of the API vouches for it'),
      homepageUri: z.string().nullable().describe('The page about it; null for none'),
    })
    .describe('How it shows itself to people'),
  audience: v.audience,
  scope: v.scopeText.describe('What the client is allowed there'),
  createdAt: v.time.describe('When it was first given'),
  lastUsedAt: v.time.describe('When it last gave the client a code'),
})

const me = z.object({
  kind: openText<CredentialKind>(credentialKinds, 'The kind of the credential that asks'),
  subject: z.string().describe('Whom it speaks for: an account, or its client'),
  name: z.string().optional().describe('The name of the account'),
  clientId: v.id,
  scope: v.scopeText.describe('The management scope that it has now'),
  role: role.optional(),
  teams: z
    .array(
      z.object({
        id: v.id,
        name: z.string().describe('The name of the team'),
        role: teamRole,
      }),
    )
    .describe('The teams of the account'),
  session: z
    .object({
      id: v.id,
      authenticatedAt: v.time.describe('When the person last proved to be it'),
      expiresAt: v.time.describe('When the session ends, unless it is used before'),
      returnUrl: z.string().optional().describe('The page to which a person goes back who came by a portal link'),
    })
    .optional()
    .describe('The session, where one asks'),
})

nameSchemas({ Account: account, AccountAccess: given, Session: shownSession, Consent: shownConsent, Me: me })

const oneAccount = '/v1/accounts/{id}'

export const accountRoutes = {
  getMe: route({
    operationId: 'getMe',
    method: 'GET',
    path: '/v1/me',
    tag: 'accounts',
    summary: 'Tell who is asking, and what the credential may do here',
    scope: undefined,
    answer: { status: 200, schema: me },
  }),
  createAccount: route({
    operationId: 'createAccount',
    method: 'POST',
    path: '/v1/accounts',
    tag: 'accounts',
    summary: 'Make an account: a person who can sign in',
    scope: 'accounts:write',
    body: z.strictObject({
      email: v.email,
      emailVerified: emailVerified.optional(),
      name: v.personName,
      externalSubject: externalSubject.optional(),
      password: password.optional(),
      access: accountAccess.optional(),
      role: role.optional(),
      scope: operatorScope.optional(),
    }),
    answer: { status: 201, schema: account },
    isIdempotent: true,
  }),
  listAccounts: route({
    operationId: 'listAccounts',
    method: 'GET',
    path: '/v1/accounts',
    tag: 'accounts',
    summary: 'List accounts',
    scope: 'accounts:read',
    query: z.strictObject({
      ...v.listQuery('createdAt', 'name'),
      externalSubject: v.subject.optional().describe('Only the account with this id of yours'),
    }),
    answer: { status: 200, schema: v.page(account) },
  }),
  getAccount: route({
    operationId: 'getAccount',
    method: 'GET',
    path: oneAccount,
    tag: 'accounts',
    summary: 'Read an account',
    scope: 'accounts:read',
    answer: { status: 200, schema: account },
  }),
  updateAccount: route({
    operationId: 'updateAccount',
    method: 'PATCH',
    path: oneAccount,
    tag: 'accounts',
    summary: 'Change an account; while it is disabled nobody can sign in, and what it had has ended for good',
    scope: 'accounts:write',
    body: z.strictObject({
      email: v.email.optional(),
      emailVerified: emailVerified.optional(),
      name: v.personName.optional(),
      externalSubject: externalSubject.nullable().optional().describe(`${externalText}; null takes it away`),
      password: password.optional(),
      status: v.switchable.optional(),
      access: accountAccess.optional(),
      role: role.nullable().optional().describe('`operator`, or null to take it away'),
      scope: operatorScope.optional(),
    }),
    answer: { status: 200, schema: account },
  }),
  deleteAccount: route({
    operationId: 'deleteAccount',
    method: 'DELETE',
    path: oneAccount,
    tag: 'accounts',
    summary: 'Delete an account: all that it has ends, and what told who it was is erased',
    scope: 'accounts:write',
    answer: { status: 200, schema: z.object({ id: v.id, status: v.revoked, ...v.inFeed }) },
  }),
  revokeAccount: route({
    operationId: 'revokeAccount',
    method: 'POST',
    path: `${oneAccount}/revoke`,
    tag: 'accounts',
    summary: 'Sign a person out everywhere: every session and every token of the account ends',
    scope: 'accounts:write',
    body: z.strictObject({ reason: v.reason }),
    answer: {
      status: 200,
      schema: z.object({ id: v.id, sessions: z.int().describe('Sessions that were ended'), ...v.inFeed }),
    },
  }),
  createAccountLink: route({
    operationId: 'createAccountLink',
    method: 'POST',
    path: `${oneAccount}/links`,
    tag: 'accounts',
    summary: 'Make a link that signs the person in once, within 60 minutes',
    scope: 'accounts:write',
    answer: {
      status: 201,
      schema: z.object({
        url: z.string().describe('The link, shown once: whoever has it can sign in as the account'),
        expiresAt: v.time.describe('When it ends'),
      }),
    },
    isIdempotent: true,
  }),
  listSessions: route({
    operationId: 'listSessions',
    method: 'GET',
    path: '/v1/sessions',
    tag: 'accounts',
    summary: 'List the sessions that are active: those of the account that asks, or with accounts:read those of any',
    scope: undefined,
    query: z.strictObject({
      ...v.pageQuery,
      accountId: v.id.optional().describe('Only those of this account; default: of the account that asks, if one does'),
    }),
    answer: { status: 200, schema: v.page(shownSession) },
  }),
  revokeSession: route({
    operationId: 'revokeSession',
    method: 'POST',
    path: '/v1/sessions/{id}/revoke',
    tag: 'accounts',
    summary: 'End a session, and what was made from it: one of the account that asks, or with accounts:write any',
    scope: undefined,
    body: z.strictObject({ reason: v.reason }),
    answer: { status: 200, schema: z.object({ id: v.id, status: v.revoked, ...v.inFeed }) },
  }),
  listConsents: route({
    operationId: 'listConsents',
    method: 'GET',
    path: '/v1/consents',
    tag: 'accounts',
    summary: 'List what accounts allow applications: of the account that asks, or with accounts:read of any',
    scope: undefined,
    query: z.strictObject({
      ...v.pageQuery,
      accountId: v.id.optional().describe('Only those of this account; default: of the account that asks, if one does'),
      clientId: v.id.optional().describe('Only those for this client'),
    }),
    answer: { status: 200, schema: v.page(shownConsent) },
  }),
  revokeConsent: route({
    operationId: 'revokeConsent',
    method: 'POST',
    path: '/v1/consents/{id}/revoke',
    tag: 'accounts',
    summary: 'Remove a consent, and end every token that came about by it: one’s own, or with accounts:write any',
    scope: undefined,
    body: z.strictObject({ reason: v.reason }),
    answer: { status: 200, schema: z.object({ id: v.id, status: v.revoked, ...v.inFeed }) },
  }),
}
