/**
 * The codes and kinds in answers. Each list has the values known today; a later version may answer others, so that the
 * OpenAPI document describes each as text with known values.
 */
import type {
  CheckName,
  CredentialKind,
  ObjectType,
  RejectionAnswerCode,
  RejectionCode,
  SigningPurpose,
} from '@countersign/core'
import type { ProblemCode as DocumentProblemCode } from '@countersign/openapi'
import { z } from 'zod'
import { nameSchemas, schemaPlace } from './schema_names.ts'

/** A value known today, or any other text that a later version may answer. */
export type Open<Known extends string> = Known | (string & {})

/** The part of a JSON schema that names known values and allows others. */
export function knownValues(known: readonly string[]): { readonly anyOf: readonly object[] } {
  return { anyOf: [{ $ref: schemaPlace + listNames.get(known) }, { type: 'string' }] }
}

/** A member of an answer. The server gives a known value, and a reader must expect others. */
export function openText<Known extends string, Given extends string = Known>(
  known: readonly Known[],
  description: string,
): z.ZodType<Open<Known>, Given> {
  return z.string().meta({ description, ...knownValues(known) }) as unknown as z.ZodType<Open<Known>, Given>
}

/** Every kind of credential. */
export const credentialKinds = namesOf<CredentialKind>({
  api_key: true,
  access_token: true,
  self_issued_jwt: true,
  external_jwt: true,
  session: true,
})

/** Every type of object that the feed has entries about. */
export const objectTypes = namesOf<ObjectType>({
  tenant: true,
  api: true,
  client: true,
  public_key: true,
  key: true,
  opaque_token: true,
  token: true,
  client_token: true,
  issued_token: true,
  external_token: true,
  trusted_issuer: true,
  subject: true,
  account: true,
  consent: true,
  family: true,
  session: true,
  client_secret: true,
  signing_key: true,
})

/** Every reason why a credential is refused: docs/protocol/errors.md §1. */
export const rejectionCodes = namesOf<RejectionCode>({
  missing_credential: true,
  invalid_request: true,
  malformed: true,
  unknown: true,
  bad_signature: true,
  expired: true,
  not_yet_valid: true,
  revoked: true,
  disabled: true,
  wrong_audience: true,
  wrong_issuer: true,
  address_not_allowed: true,
  origin_not_allowed: true,
  insufficient_scope: true,
  rate_limited: true,
})

/** The checks of a credential, in the order in which they are made. */
export const checkNames = namesOf<CheckName>({
  operation: true,
  format: true,
  known: true,
  signature: true,
  issuer: true,
  revoked: true,
  disabled: true,
  expiry: true,
  start: true,
  audience: true,
  access: true,
  address: true,
  origin: true,
  scope: true,
  rate_limit: true,
})

/** The types of objects that audit events are about. */
export const auditObjectTypes = [...objectTypes, 'feed', 'team', 'settings', 'access_request'] as const

/** The outcomes of verifications that are counted: docs/usage.md. */
export const outcomeCodes = ['verified', ...rejectionCodes, 'unavailable'] as const

/** The codes of 409: the state of an object, or another request, is in the way. */
export const conflictCodes = [
  'conflict',
  'revoked',
  'expired',
  'disabled',
  'client_disabled',
  'api_disabled',
  'built_in',
  'default_tenant',
  'no_secret',
  'rotation_in_progress',
  'idempotency_mismatch',
  'idempotency_in_progress',
  'last_administrator',
  'too_many_changes',
  'scope_in_use',
] as const

/** The codes of problems (RFC 9457) that the management API answers: docs/protocol/errors.md §2. */
export const problemCodes = [
  ...namesOf<RejectionAnswerCode>({
    missing_credential: true,
    invalid_request: true,
    invalid_token: true,
    address_not_allowed: true,
    origin_not_allowed: true,
    insufficient_scope: true,
    rate_limited: true,
  }),
  'invalid_document',
  'unknown_proxy',
  'forbidden',
  'step_up_required',
  'account_mismatch',
  'not_found',
  'method_not_allowed',
  ...conflictCodes,
  'content_too_large',
  'unsupported_media_type',
  'misdirected_request',
  'internal_error',
  'api_address_not_allowed',
  'api_name_unknown',
  'api_timeout',
  'api_tls_failed',
  'api_unreachable',
  'unavailable',
  'storage_full',
] as const

/** The code of a problem: what the server answers today. */
export type ProblemCode = (typeof problemCodes)[number]

/** The flaws of an imported document: packages/openapi/src/problem.ts. */
export const documentProblemCodes = namesOf<DocumentProblemCode>({
  alternative_dropped: true,
  credential_place_ignored: true,
  derived_scope_shared: true,
  duplicate_operation_id: true,
  every_operation_public: true,
  foreign_notation: true,
  invalid_operation: true,
  invalid_path: true,
  invalid_scope: true,
  invalid_security: true,
  member_ignored: true,
  overlap: true,
  parameter_undescribed: true,
  path_cut: true,
  problems_omitted: true,
  reference_broken: true,
  reference_ignored: true,
  routes_merged: true,
  servers_ignored: true,
  undeclared_scope: true,
  unreachable: true,
})

/** The purposes of signing keys. A key has one. */
export const signingPurposes = namesOf<SigningPurpose>({ access_token: true, gateway_assertion: true, id_token: true })

/** The events of the audit log. */
export const auditActions = [
  'access_request.approve',
  'access_request.create',
  'access_request.end',
  'access_request.refuse',
  'access_request.withdraw',
  'account.create',
  'account.delete',
  'account.factor.add',
  'account.factor.remove',
  'account.factor.rename',
  'account.link',
  'account.recover',
  'account.password',
  'account.recovery_codes',
  'account.revoke',
  'account.update',
  'administrator.recover',
  'api.audience',
  'api.create',
  'api.delete',
  'api.import',
  'api.update',
  'client.create',
  'client.cut_off',
  'client.delete',
  'client.jwk.retire',
  'client.keep',
  'client.revoke',
  'client.secret.create',
  'client.secret.revoke',
  'client.update',
  'consent.give',
  'consent.revoke',
  'dev.application',
  'dev.provision',
  'family.revoke',
  'drop_time.floor',
  'feed.rollback',
  'issuer.create',
  'issuer.delete',
  'issuer.keys',
  'issuer.update',
  'key.create',
  'key.disable',
  'key.enable',
  'key.revoke',
  'key.roll',
  'key.rolled',
  'key.update',
  'portal_link.create',
  'restore.merge',
  'revocation.hand_back',
  'session.create',
  'session.extend',
  'session.revoke',
  'signing_key.create',
  'settings.update',
  'session.step_up',
  'signing_key.revoke',
  'signing_key.rotate',
  'subject.revoke',
  'team.create',
  'team.delete',
  'team.invitation.accept',
  'team.invitation.create',
  'team.invitation.delete',
  'team.member.add',
  'team.member.remove',
  'team.member.update',
  'team.update',
  'team.view',
  'tenant.create',
  'tenant.delete',
  'tenant.last_administrator',
  'tenant.update',
  'token.create',
  'token.issue',
  'token.revoke',
  'token.update',
] as const

/** The kind of an audit event: what the server writes today. */
export type AuditAction = (typeof auditActions)[number]

/** The name of each list in the OpenAPI document, and so of the type in generated clients. */
const listNames: ReadonlyMap<readonly string[], string> = new Map<readonly string[], string>([
  [credentialKinds, 'CredentialKind'],
  [objectTypes, 'ObjectType'],
  [auditObjectTypes, 'AuditObjectType'],
  [rejectionCodes, 'RejectionCode'],
  [checkNames, 'CheckName'],
  [outcomeCodes, 'Outcome'],
  [problemCodes, 'ProblemCode'],
  [documentProblemCodes, 'DocumentProblemCode'],
  [signingPurposes, 'SigningPurpose'],
  [auditActions, 'AuditAction'],
])
nameSchemas(Object.fromEntries([...listNames].map(([known, name]) => [name, z.enum(known).describe('Known values')])))

/** The names of a record that must have all of them: one that is missing does not compile. */
function namesOf<Name extends string>(all: Readonly<Record<Name, true>>): readonly Name[] {
  return Object.keys(all) as readonly string[] as readonly Name[]
}
