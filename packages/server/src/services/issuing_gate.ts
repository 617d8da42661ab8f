/** May this client have such a token now? The one gate, called by every grant at the moment of issuing (decision 11). */
import { missingScope, parseScope, readScope, type Scope } from '@countersign/core'
import type { Api, Client } from '@countersign/store'
import { OauthError } from './oauth_error.ts'
import { shownScope } from './shown_scope.ts'

/**
 * The scope to issue. `requested: undefined` means all of `ceiling`. One token beyond it is `invalid_scope`: nothing is
 * cut silently. A disabled or deleted client or API gets nothing, whatever the grant.
 */
export function requireIssuable(client: Client, api: Api, requested: string | undefined, ceiling: Scope): Scope {
  if (client.status !== 'active') throw new OauthError('invalid_client', 'client authentication failed')
  if (api.status !== 'active' || client.access[api.id] === undefined) {
    throw new OauthError('invalid_target', 'this client has no access to such an API')
  }
  const allowed = parseScope(client.access[api.id] as string)
  const scope = requested === undefined ? ceiling : readRequested(requested)
  const beyond = [...missingScope(scope, ceiling), ...missingScope(scope, allowed)]
  if (beyond.length > 0) throw new OauthError('invalid_scope', `not allowed here: ${shownScope(beyond)}`)
  return scope
}

function readRequested(text: string): Scope {
  const read = readScope(text)
  if ('problem' in read) throw new OauthError('invalid_scope', read.problem)
  return read.scope
}
