import type { Client } from '../../../shared/api/queries.ts'

export type Secret = Client['secrets'][number]

export interface SecretsNow {
  /** The secrets that work. */
  readonly working: readonly Secret[]
  /** The nearest end among these; `undefined` where none has one. */
  readonly nextEnd: string | undefined
}

export function secretsNow(secrets: readonly Secret[], now = Date.now()): SecretsNow {
  const working = secrets.filter(({ expiresAt }) => expiresAt === null || Date.parse(expiresAt) > now)
  const ends = working.flatMap(({ expiresAt }) => expiresAt ?? [])
  const [nextEnd] = ends.sort((one, other) => Date.parse(one) - Date.parse(other))
  return { working, nextEnd }
}
