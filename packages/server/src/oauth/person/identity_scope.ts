/** The scopes that speak of who signs in, whatever the API: OpenID Connect Core §5.4, §11. */
import type { Scope } from '@countersign/core'
import type { Client } from '@countersign/store'

export const identityScopes: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'offline_access'])

/** A scope in its two parts: tokens of the API, and those that speak of the person. */
export function splitScope(scope: Scope): { readonly ofApi: Scope; readonly identity: Scope } {
  return {
    ofApi: scope.filter((token) => !identityScopes.has(token)),
    identity: scope.filter((token) => identityScopes.has(token)),
  }
}

/** Without `offline_access`, where the client may not have it: it is left out and is no error. */
export function givenIdentity(identity: Scope, client: Pick<Client, 'type' | 'signIn'>): Scope {
  return mayStay(client) ? identity : identity.filter((token) => token !== 'offline_access')
}

/** Whether tokens for a person are refreshed: a native client's always, any other's where it may and has asked. */
export function isRefreshed(identity: Scope, client: Pick<Client, 'type' | 'signIn'>): boolean {
  return client.type === 'native' || (mayStay(client) && identity.includes('offline_access'))
}

function mayStay({ type, signIn }: Pick<Client, 'type' | 'signIn'>): boolean {
  return type === 'native' || signIn?.offlineAccess === true
}
