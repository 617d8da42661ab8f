/** The settings of a tenant for its people. A member that its owner has not chosen has its default. */
import type { Openness, ReadRepositories, SettingsContent, SignInWays } from '@countersign/store'
import type { TenantContext } from '../context.ts'
import { readable } from './colors.ts'

export interface PeopleSettings {
  readonly logo?: { readonly uri: string; readonly digest: string }
  readonly colors?: { readonly accent: string; readonly accentDark: string }
  readonly signIn: SignInWays
  readonly signUp: Openness
  readonly portal: Openness
}

/** `openness`: the default for who comes in and who gets a team. */
export async function readSettings(
  { settings }: Pick<ReadRepositories, 'settings'>,
  { id }: Pick<TenantContext, 'id'>,
  openness: Openness,
): Promise<PeopleSettings> {
  const stored = await settings.find(id)
  return withDefaults(stored?.content ?? {}, openness)
}

export function withDefaults(content: SettingsContent, openness: Openness): PeopleSettings {
  const { logo, colors, signIn = allWays, signUp = openness, portal = openness } = content
  return {
    ...(logo === undefined ? {} : { logo }),
    ...(colors === undefined
      ? {}
      : { colors: { accent: colors.accent, accentDark: colors.accentDark ?? readable(colors.accent, 'dark') } }),
    signIn,
    signUp,
    portal,
  }
}

const allWays: SignInWays = { password: true, passkey: true, mailCode: true }
