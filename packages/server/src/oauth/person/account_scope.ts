import { intersectScope, missingScope, parseScope, type Scope } from '@countersign/core'
import type { Account, Api, Client } from '@countersign/store'

/** The most that an account may give at an API: its own access, else the default of the API. */
export function givableScope(
  { access }: Pick<Account, 'access'>,
  { id, accountScope }: Pick<Api, 'id' | 'accountScope'>,
): Scope {
  return parseScope(access[id] ?? accountScope)
}

/** The part of a scope that the account may give, and the client have, at the API as it is now. */
export function remainingScope(
  scope: Scope,
  { account, client, api }: { readonly account: Account; readonly client: Client; readonly api: Api },
): Scope {
  const may = intersectScope(parseScope(client.access[api.id] ?? ''), givableScope(account, api))
  return missingScope(intersectScope(scope, may), api.retiredScopes ?? [])
}
