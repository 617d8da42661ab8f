import type { Seconds, SigningPurpose } from '@countersign/core'
import { oneOf } from '../check.ts'
import type { Row } from '../columns.ts'
import { Columns, present } from '../columns.ts'
import { assertTouched } from '../errors.ts'
import { decodeSound } from '../page.ts'
import { writeNextVersion } from '../rows/next_version.ts'
import type { Session } from '../session.ts'
import { isJwk } from '../stored_json.ts'

/** A key that a tenant signs with, from its publication until it leaves the JWK Set. */
export interface SigningKey {
  readonly tenant: string
  readonly kid: string
  readonly alg: string
  readonly purpose: SigningPurpose
  readonly publicJwk: { readonly [member: string]: unknown }
  /** The private JWK, AES-256-GCM under a key derived from the master key; absent once removed. */
  readonly sealedPrivateJwk?: Uint8Array
  /** From this time the key is in the JWK Set. */
  readonly publishedAt: Seconds
  /** From this time the key signs. */
  readonly signsAt: Seconds
  /** From this time the key does not sign any more. */
  readonly retiredAt?: Seconds
  /** At this time the key leaves the JWK Set (docs/protocol/feed.md §6). */
  readonly leavesAt?: Seconds
  readonly status: 'active' | 'revoked'
  readonly version: number
}

export interface SigningKeyReads {
  list(tenant: string): Promise<readonly SigningKey[]>
  /** Lists the keys of all tenants, without their private parts, for a server that starts. */
  listAll(): Promise<readonly SigningKey[]>
}

export interface SigningKeyWrites {
  insert(key: SigningKey): Promise<void>
  update(key: SigningKey): Promise<void>
  delete(tenant: string, kid: string): Promise<void>
}

const isPurpose = oneOf<SigningPurpose>({ access_token: true, gateway_assertion: true, id_token: true })
const isKeyStatus = oneOf<SigningKey['status']>({ active: true, revoked: true })

export function readSigningKeys(session: Session): SigningKeyReads {
  return {
    async list(tenant) {
      await session.enter(tenant)
      const rows = await session.db
        .selectFrom('signing_keys')
        .selectAll()
        .where('tenant', '=', tenant)
        .orderBy('published_at')
        .orderBy('kid')
        .execute()
      return decodeSound(session, rows, decodeSigningKey)
    },
    async listAll() {
      const rows = await session.db
        .selectFrom('signing_keys')
        .selectAll()
        .orderBy('tenant')
        .orderBy('published_at')
        .orderBy('kid')
        .execute()
      return decodeSound(session, rows, (row) => decodeSigningKey({ ...row, sealed_private_jwk: null }))
    },
  }
}

export function writeSigningKeys(session: Session): SigningKeyReads & SigningKeyWrites {
  return {
    ...readSigningKeys(session),
    async insert(key) {
      await session.enter(key.tenant)
      await session.db.insertInto('signing_keys').values(encodeSigningKey(key)).execute()
    },
    update: (key) => writeNextVersion(session, 'signing_keys', encodeSigningKey(key), ['kid']),
    async delete(tenant, kid) {
      await session.enter(tenant)
      const result = await session.db
        .deleteFrom('signing_keys')
        .where('tenant', '=', tenant)
        .where('kid', '=', kid)
        .executeTakeFirst()
      assertTouched('the deletion of a signing key', 1, result.numDeletedRows)
    },
  }
}

function encodeSigningKey(key: SigningKey) {
  return {
    tenant: key.tenant,
    kid: key.kid,
    alg: key.alg,
    purpose: key.purpose,
    public_jwk: JSON.stringify(key.publicJwk),
    sealed_private_jwk: key.sealedPrivateJwk ?? null,
    published_at: key.publishedAt,
    signs_at: key.signsAt,
    retired_at: key.retiredAt ?? null,
    leaves_at: key.leavesAt ?? null,
    status: key.status,
    version: key.version,
  }
}

function decodeSigningKey(row: Row): SigningKey {
  const columns = new Columns('signing_keys', row.kid, row)
  return present({
    tenant: columns.text('tenant'),
    kid: columns.text('kid'),
    alg: columns.text('alg'),
    purpose: columns.word('purpose', isPurpose),
    publicJwk: columns.json('public_jwk', isJwk),
    sealedPrivateJwk: columns.optionalBytes('sealed_private_jwk'),
    publishedAt: columns.count('published_at'),
    signsAt: columns.count('signs_at'),
    retiredAt: columns.optionalCount('retired_at'),
    leavesAt: columns.optionalCount('leaves_at'),
    status: columns.word('status', isKeyStatus),
    version: columns.version(),
  })
}
