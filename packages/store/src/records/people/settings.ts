import type { Seconds } from '@countersign/core'
import { isFlag, isText, oneOf, optional, shape } from '../../check.ts'
import { Columns } from '../../columns.ts'
import { assertTouched } from '../../errors.ts'
import type { Session } from '../../session.ts'

/** The choices of a tenant's owner for its people. A member that is absent has its default, which the server knows. */
export interface Settings {
  readonly tenant: string
  readonly content: SettingsContent
  readonly version: number
  readonly createdAt: Seconds
  readonly updatedAt: Seconds
}

export interface SettingsContent {
  /** The picture that pages show, and where it was fetched from. */
  readonly logo?: { readonly uri: string; readonly digest: string }
  readonly colors?: TenantColors
  readonly signIn?: SignInWays
  readonly signUp?: Openness
  readonly portal?: Openness
}

/** `#rrggbb` each: of what can be acted on, on a light and on a dark ground. */
export interface TenantColors {
  readonly accent: string
  /** Default: made from `accent`. */
  readonly accentDark?: string
}

/** The ways in that people are offered. */
export interface SignInWays {
  readonly password: boolean
  readonly passkey: boolean
  readonly mailCode: boolean
}

/** Everybody, those who were invited, or nobody. */
export type Openness = 'open' | 'invited' | 'off'

export interface SettingsReads {
  /** `undefined` until something was chosen. */
  find(tenant: string): Promise<Settings | undefined>
}

export interface SettingsWrites {
  /** Writes the first version, or the one after that which is stored. Throws `RowCountError` where it is neither. */
  put(settings: Settings): Promise<void>
}

const isOpenness = oneOf<Openness>({ open: true, invited: true, off: true })
const isContent = shape<SettingsContent>({
  logo: optional(shape<{ readonly uri: string; readonly digest: string }>({ uri: isText, digest: isText })),
  colors: optional(shape<TenantColors>({ accent: isText, accentDark: optional(isText) })),
  signIn: optional(shape<SignInWays>({ password: isFlag, passkey: isFlag, mailCode: isFlag })),
  signUp: optional(isOpenness),
  portal: optional(isOpenness),
})

export function readSettings(session: Session): SettingsReads {
  return {
    async find(tenant) {
      await session.enter(tenant)
      const row = await session.db.selectFrom('settings').selectAll().where('tenant', '=', tenant).executeTakeFirst()
      if (row === undefined) return undefined
      const columns = new Columns('settings', tenant, row)
      return {
        tenant: columns.text('tenant'),
        content: columns.json('content', isContent),
        version: columns.version(),
        createdAt: columns.count('created_at'),
        updatedAt: columns.count('updated_at'),
      }
    },
  }
}

export function writeSettings(session: Session): SettingsReads & SettingsWrites {
  return {
    ...readSettings(session),
    async put({ tenant, content, version, createdAt, updatedAt }) {
      await session.enter(tenant)
      const row = { content: JSON.stringify(content), version, created_at: createdAt, updated_at: updatedAt }
      const result = await session.db
        .insertInto('settings')
        .values({ tenant, ...row })
        .onConflict((conflict) =>
          conflict
            .column('tenant')
            .doUpdateSet(row)
            .where('settings.version', '=', version - 1),
        )
        .executeTakeFirst()
      assertTouched('the next version of settings', 1, result.numInsertedOrUpdatedRows ?? 0n)
    },
  }
}
