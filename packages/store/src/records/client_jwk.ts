import type { Seconds } from '@countersign/core'
import type { Row } from '../columns.ts'
import { Columns } from '../columns.ts'
import { assertTouched } from '../errors.ts'
import { decodeSound } from '../page.ts'
import type { Session } from '../session.ts'
import { isJwk } from '../stored_json.ts'

/** A public key of a client (RFC 7517), for self-issued JWTs and client assertions. */
export interface ClientJwk {
  readonly tenant: string
  readonly clientId: string
  readonly kid: string
  /** RFC 7638. */
  readonly thumbprint: string
  readonly alg: string
  readonly publicJwk: { readonly [member: string]: unknown }
  readonly createdAt: Seconds
}

export interface ClientJwkReads {
  jwks(tenant: string, clientId: string): Promise<readonly ClientJwk[]>
}

export interface ClientJwkWrites {
  insertJwk(jwk: ClientJwk): Promise<void>
  deleteJwk(tenant: string, clientId: string, kid: string): Promise<void>
}

export function readClientJwks(session: Session): ClientJwkReads {
  return {
    async jwks(tenant, clientId) {
      await session.enter(tenant)
      const rows = await session.db
        .selectFrom('client_jwks')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('client_id', '=', clientId)
        .orderBy('created_at')
        .orderBy('kid')
        .execute()
      return decodeSound(session, rows, decodeClientJwk)
    },
  }
}

export function writeClientJwks(session: Session): ClientJwkWrites {
  return {
    async insertJwk(jwk) {
      await session.enter(jwk.tenant)
      await session.db
        .insertInto('client_jwks')
        .values({
          tenant: jwk.tenant,
          client_id: jwk.clientId,
          kid: jwk.kid,
          thumbprint: jwk.thumbprint,
          alg: jwk.alg,
          public_jwk: JSON.stringify(jwk.publicJwk),
          created_at: jwk.createdAt,
        })
        .execute()
    },
    async deleteJwk(tenant, clientId, kid) {
      await session.enter(tenant)
      const result = await session.db
        .deleteFrom('client_jwks')
        .where('tenant', '=', tenant)
        .where('client_id', '=', clientId)
        .where('kid', '=', kid)
        .executeTakeFirst()
      assertTouched('the deletion of a public key', 1, result.numDeletedRows)
    },
  }
}

export function decodeClientJwk(row: Row): ClientJwk {
  const columns = new Columns('client_jwks', `${row.client_id} ${row.kid}`, row)
  return {
    tenant: columns.text('tenant'),
    clientId: columns.text('client_id'),
    kid: columns.text('kid'),
    thumbprint: columns.text('thumbprint'),
    alg: columns.text('alg'),
    publicJwk: columns.json('public_jwk', isJwk),
    createdAt: columns.count('created_at'),
  }
}
