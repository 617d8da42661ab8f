/** The bodies that a draft becomes, checked by nobody but the server. */
import type { Body } from '@countersign/client'
import type { Client } from '../../../shared/api/queries.ts'
import { type ApplicationType, mayChooseToStay, signsPeopleIn } from '../types.ts'
import { type ApplicationDraft, accessOf, accessText, urisOf } from './draft.ts'

export type CreateBody = Body<'createClient'>
export type PatchBody = Body<'updateClient'>

/** `teamId`: `undefined` for one of the tenant's own. A type that signs nobody in has none of the members about that. */
export function createBodyOf(draft: ApplicationDraft, type: ApplicationType, teamId: string | undefined): CreateBody {
  const postLogoutRedirectUris = urisOf(draft.postLogoutRedirectUris)
  const home = draft.homepageUri?.trim() ?? ''
  const logo = draft.logoUri?.trim() ?? ''
  return {
    name: draft.name?.trim() ?? '',
    type,
    ...(teamId === undefined ? {} : { teamId }),
    access: accessOf(draft.access),
    ...(signsPeopleIn(type)
      ? {
          redirectUris: urisOf(draft.redirectUris),
          ...(postLogoutRedirectUris.length === 0 ? {} : { postLogoutRedirectUris }),
          ...(mayChooseToStay(type) && draft.offlineAccess === 'true' ? { offlineAccess: true } : {}),
          ...(home === '' ? {} : { homepageUri: home }),
          ...(logo === '' ? {} : { logoUri: logo }),
        }
      : {}),
  }
}

/** The draft in which nothing was changed. */
export function draftOf(client: Client): Required<Omit<ApplicationDraft, 'type' | 'teamId'>> {
  return {
    name: client.name,
    homepageUri: client.homepageUri ?? '',
    logoUri: client.logoUri ?? '',
    redirectUris: client.redirectUris.join('\n'),
    postLogoutRedirectUris: client.postLogoutRedirectUris.join('\n'),
    offlineAccess: String(client.offlineAccess),
    access: accessText(client.access),
  }
}

/** The members that differ from what the application has, and no other: another person may have changed the rest meanwhile. */
export function patchOf(draft: ApplicationDraft, client: Client): PatchBody {
  const { name, homepageUri, logoUri, redirectUris, postLogoutRedirectUris, offlineAccess, access } = draft
  const uris = (text: string | undefined, before: readonly string[]): string[] | undefined => {
    const after = urisOf(text)
    return text === undefined || isSame(after, before) ? undefined : after
  }
  const orNull = (text: string | undefined, before: string | null): string | null | undefined => {
    const after = text === undefined ? before : text.trim() === '' ? null : text.trim()
    return after === before ? undefined : after
  }
  const is = {
    name: name === undefined || name.trim() === client.name ? undefined : name.trim(),
    homepageUri: orNull(homepageUri, client.homepageUri),
    logoUri: orNull(logoUri, client.logoUri),
    redirectUris: uris(redirectUris, client.redirectUris),
    postLogoutRedirectUris: uris(postLogoutRedirectUris, client.postLogoutRedirectUris),
    offlineAccess:
      offlineAccess === undefined || offlineAccess === String(client.offlineAccess)
        ? undefined
        : offlineAccess === 'true',
    access: access === undefined || isSameAccess(access, client.access) ? undefined : accessOf(access),
  }
  return Object.fromEntries(Object.entries(is).filter(([, value]) => value !== undefined))
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((each, index) => each === other[index])
}

/** APIs and scopes are sets. */
function isSameAccess(text: string, before: Client['access']): boolean {
  const written = (access: Client['access']): readonly string[] =>
    access.map(({ audience, scope }) => [audience, ...scope.split(' ').sort()].join(' ')).sort()
  return isSame(written(accessOf(text)), written(before))
}
