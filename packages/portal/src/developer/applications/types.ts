import type { Client } from '../../shared/api/queries.ts'

export type ApplicationType = Client['type']

/** In the order in which they are offered. */
export const applicationTypes = [
  'service',
  'web',
  'spa',
  'native',
  'agent',
] as const satisfies readonly ApplicationType[]

/** The types that sign people in. */
export type SigningIn = 'web' | 'spa' | 'native'

export function signsPeopleIn(type: ApplicationType): type is SigningIn {
  return type === 'web' || type === 'spa' || type === 'native'
}

/** Whether the application signs people in: by its type, or since somebody gave it a redirect URI. */
export function isSigningIn({ redirectUris, type }: Pick<Client, 'redirectUris' | 'type'>): boolean {
  return signsPeopleIn(type) || redirectUris.length > 0
}

/** Whether an application of the type can keep a secret. */
export function hasSecret(type: ApplicationType): boolean {
  return type !== 'spa' && type !== 'native'
}

/** Whether a refresh token is a matter of choice: a native application always gets one. */
export function mayChooseToStay(type: ApplicationType): boolean {
  return type === 'web' || type === 'spa'
}
