/** Members of an API, as a body has them: each function gives what the record is changed by, or throws 400. */
import { credentialHeadersFlaw, formatScope, isNamed } from '@countersign/core'
import type { Api } from '@countersign/store'
import { requireRegistered, scopeOf } from '../access.ts'
import { invalid } from '../find.ts'

/** Scopes that an API has for whoever was given none by name. */
export const givenScopes = ['accountScope', 'selfServiceScope', 'onRequestScope'] as const

/** An audience or resource that could be mistaken for one of ours is refused (docs/protocol/credentials.md §5). */
export function requireNotOurs(audience: string, baseUrl: string, pointer: string): void {
  // As a URL reads it: the case of scheme and host, dots and a default port make no other place.
  const [read, ours] = [new URL(audience).href, new URL(`${baseUrl}/`).href]
  const isOurs = read.startsWith(ours) || read.startsWith(`${ours.slice(0, -1)}?`)
  if (isOurs) throw invalid(pointer, 'may not be the base URL of this server nor lie under it')
  // The same host for DNS: two audiences would be one place, and ours would be somebody's.
  if (new URL(audience).hostname.endsWith('.')) throw invalid(pointer, 'may not have a host that ends with a dot')
  if (audience.toLowerCase().startsWith('urn:countersign:upstream'))
    throw invalid(pointer, 'may not begin with urn:countersign:upstream')
}

type GivenScopes = (typeof givenScopes)[number]

/** Only scopes that the API has: what is misspelt here would be given to nobody, and nobody would be told. */
export function offerOf(
  body: { readonly [Setting in GivenScopes]?: unknown },
  api: Pick<Api, 'scopes' | 'retiredScopes'>,
): Partial<Pick<Api, GivenScopes>> {
  const given = givenScopes.flatMap((setting) => {
    if (body[setting] === undefined) return []
    const scope = scopeOf(body[setting], api, `/${setting}`)
    requireRegistered(api, scope, `/${setting}`)
    return [[setting, formatScope(scope)] as const]
  })
  return Object.fromEntries(given)
}

/** Whether the server may go there is judged at each call. */
export function callUrlOf(callUrl: string | null | undefined): Pick<Api, 'callUrl'> {
  if (callUrl === null || callUrl === undefined) return {}
  const { username, password } = new URL(callUrl)
  if (username !== '' || password !== '' || /[?#]/.test(callUrl))
    throw invalid('/callUrl', 'must be an http or https URL without user, query and fragment')
  return { callUrl }
}

/** Nothing where the body has none. The store sees to it that no other API has one of them. */
export function resourcesOf(
  { resources }: { readonly resources?: readonly string[] | undefined },
  audience: string,
  baseUrl: string,
): Pick<Api, 'resources'> {
  if (resources === undefined) return {}
  for (const [index, resource] of resources.entries()) {
    const pointer = `/resources/${index}`
    requireNotOurs(resource, baseUrl, pointer)
    if (isNamed({ audience, resources: resources.slice(0, index) }, resource))
      throw invalid(pointer, 'is a name that the API has already')
  }
  return { resources }
}

export function withoutCallUrl({ callUrl: _, ...api }: Api): Api {
  return api
}

/** Nothing where the body has none: what was set before stays. */
export function headersOf({ credentialHeaders }: { readonly credentialHeaders?: readonly string[] | undefined }) {
  if (credentialHeaders === undefined) return {}
  const flaw = credentialHeadersFlaw(credentialHeaders)
  if (flaw !== undefined) throw invalid(`/credentialHeaders/${flaw.index}`, flaw.detail)
  return { credentialHeaders }
}
