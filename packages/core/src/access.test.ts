import { expect, test } from 'vitest'
import { establishRecord } from './credential_record.ts'
import { decide } from './decision.ts'
import { type Established, effectiveGrant } from './effective_grant.ts'
import type { CredentialRecord, PublicKeyRecord } from './feed/record.ts'
import type { ClientState } from './feed/state.ts'
import type { Scope } from './scope.ts'
import { establishSelfIssued } from './self_issued_jwt.ts'

const now = 1_000_000
const audience = 'https://api.example'

const record: CredentialRecord = {
  kind: 'api_key',
  id: 'k1',
  version: 1,
  prefix: 'cs',
  clientId: 'client_a',
  subject: 'client_a',
  apiId: 'api_1',
  audience,
  scope: 'read',
  status: 'active',
  environment: 'live',
  metadata: {},
  limitId: 'k1',
  lineage: [],
  inherited: [],
  clientStatus: 'active',
  access: 'read',
}

const publicKey: PublicKeyRecord = {
  clientId: 'client_a',
  kid: 'c1',
  thumbprint: 't',
  alg: 'ES256',
  publicJwk: {},
  lifeSecondsMax: 3_600,
  clientStatus: 'active',
  access: { api_1: 'read' },
  metadata: {},
}

const jwt: Established = {
  ...establishRecord(record, 'default'),
  kind: 'access_token',
  format: 'jwt',
  position: 5,
}

type Recorded = null | '' | 'read'

/** Every kind of credential, with what its record says of the client's access; a JWT of ours brings no record. */
const kinds: Readonly<Record<string, (recorded: Recorded) => Established>> = {
  'an API key': (access) => establishRecord({ ...record, access }, 'default'),
  'an opaque token': (access) => establishRecord({ ...record, kind: 'access_token', position: 5, access }, 'default'),
  'a self-issued JWT': (access) => {
    const claims = { clientId: 'client_a', audience, jti: 'j', issuedAt: now, notBefore: now, expiresAt: now + 60 }
    const established = establishSelfIssued(
      { ...claims, scope: 'read' },
      { ...publicKey, access: access === null ? { api_2: 'read' } : { api_1: access, api_2: 'read' } },
      { tenant: 'default', apiId: 'api_1' },
    )
    if (typeof established === 'string') throw new Error(established)
    return established
  },
  'a JWT of ours': () => {
    const { client: _, ...signed } = jwt
    return signed
  },
  'a JWT exchanged from a key': () => {
    const { client: _, ...signed } = jwt
    return { ...signed, lineage: [{ type: 'key', id: 'k1' }] }
  },
}

type Said = 'nothing' | 'no access' | '' | 'read'

function standingOf(said: Said, established: Established) {
  const client: ClientState | undefined =
    said === 'nothing'
      ? undefined
      : { status: 'active', access: { api_2: 'read', ...(said === 'no access' ? {} : { api_1: said }) }, cutOff: 0 }
  return {
    tenant: undefined,
    api: undefined,
    client,
    own: undefined,
    ancestors: established.lineage.map(() => undefined),
  }
}

const requirements: Readonly<Record<string, readonly Scope[]>> = {
  'no scope': [[]],
  'a scope': [['read']],
  'a scope or none': [['read'], []],
}

const cases = Object.keys(kinds).flatMap((kind) => {
  const recordings: readonly Recorded[] = kind.startsWith('a JWT') ? ['read'] : [null, '', 'read']
  return recordings.flatMap((recorded) =>
    (['nothing', 'no access', '', 'read'] as const).flatMap((said) =>
      Object.keys(requirements).map((needs) => ({ kind, recorded, said, needs })),
    ),
  )
})

test.each(cases)(
  '$kind, recorded access $recorded, the book says $said, the operation needs $needs',
  ({ kind, recorded, said, needs }) => {
    const established = kinds[kind]!(recorded)
    const requires = requirements[needs]!
    const expectation = { audience, requires, address: undefined, origin: undefined }
    const decision = decide(effectiveGrant(established, standingOf(said, established)), expectation, [], now)
    const code = decision.active ? 'active' : decision.rejection.code
    const hasNone = recorded === null || said === 'no access'
    const hasScope = recorded === 'read' && (said === 'nothing' || said === 'read')
    const fits = hasScope || requires.some((scope) => scope.length === 0)
    expect(code).toBe(hasNone ? 'wrong_audience' : fits ? 'active' : 'insufficient_scope')
  },
)

test('a record that says nothing of access, as no server writes it, has none', () => {
  const { access: _, ...silent } = record
  expect(establishRecord(silent as CredentialRecord, 'default').client?.access).toBeNull()
})
