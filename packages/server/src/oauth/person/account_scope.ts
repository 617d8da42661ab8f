import { parseScope, type Scope } from '@countersign/core'
import type { Account, Api } from '@countersign/store'

/** The most that an account may give at an API: its own access, else the default of the API. */
export function givableScope(
  { access }: Pick<Account, 'access'>,
  { id, accountScope }: Pick<Api, 'id' | 'accountScope'>,
): Scope {
  return parseScope(access[id] ?? accountScope)
}
