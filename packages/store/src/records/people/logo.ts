import type { Seconds } from '@countersign/core'
import { oneOf } from '../../check.ts'
import { Columns } from '../../columns.ts'
import type { Session } from '../../session.ts'

/** A picture that pages show, as it was when it was fetched. */
export interface Logo {
  readonly tenant: string
  /** The SHA-256 of its bytes, in hexadecimal. */
  readonly digest: string
  readonly type: LogoType
  /** Its bytes, in base64url. */
  readonly content: string
  readonly createdAt: Seconds
}

export type LogoType = 'image/png' | 'image/jpeg' | 'image/webp'

export interface LogoReads {
  find(tenant: string, digest: string): Promise<Logo | undefined>
}

export interface LogoWrites {
  /** Nothing happens to one that is there. */
  put(logo: Logo): Promise<void>
  /** Nothing happens to one that the settings of the tenant or a client show. */
  deleteUnused(tenant: string, digest: string): Promise<void>
}

const isLogoType = oneOf<LogoType>({ 'image/png': true, 'image/jpeg': true, 'image/webp': true })

export function readLogos(session: Session): LogoReads {
  return {
    async find(tenant, digest) {
      await session.enter(tenant)
      const row = await session.db
        .selectFrom('logos')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('digest', '=', digest)
        .executeTakeFirst()
      if (row === undefined) return undefined
      const columns = new Columns('logos', digest, row)
      return {
        tenant: columns.text('tenant'),
        digest: columns.text('digest'),
        type: columns.word('type', isLogoType),
        content: columns.text('content'),
        createdAt: columns.count('created_at'),
      }
    },
  }
}

export function writeLogos(session: Session): LogoReads & LogoWrites {
  return {
    ...readLogos(session),
    async put({ tenant, digest, type, content, createdAt }) {
      await session.enter(tenant)
      await session.db
        .insertInto('logos')
        .values({ tenant, digest, type, content, created_at: createdAt })
        .onConflict((conflict) => conflict.columns(['tenant', 'digest']).doNothing())
        .execute()
    },
    async deleteUnused(tenant, digest) {
      await session.enter(tenant)
      const { db } = session
      const clients = db.selectFrom('clients').select('id').where('tenant', '=', tenant)
      const settings = db.selectFrom('settings').select('tenant').where('tenant', '=', tenant)
      await db
        .deleteFrom('logos')
        .where('tenant', '=', tenant)
        .where('digest', '=', digest)
        .where(({ exists, not }) => not(exists(clients.where('logo_digest', '=', digest))))
        .where(({ exists, not }) => not(exists(settings.where('content', 'like', `%"${digest}"%`))))
        .execute()
    },
  }
}
