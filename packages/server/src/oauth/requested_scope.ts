import { readScope, type Scope, type ScopeReading, scopeInputOf } from '@countersign/core'
import type { Api } from '@countersign/store'
import { OauthError } from './oauth_error.ts'

/** The structured form means what the API has registered; what could mean two of its scopes is refused. */
export function registeredReading({ scopes }: Pick<Api, 'scopes'>): ScopeReading {
  return { known: scopes.map(({ name }) => name), onBoth: 'refuse' }
}

/** The parameter `scope`: a string, or JSON text of one of the other forms. Throws `invalid_scope`. */
export function readRequested(text: string, api: Pick<Api, 'scopes'>): Scope {
  const input = scopeInputOf(text)
  const read = typeof input === 'string' ? readScope(input) : readScope(input, registeredReading(api))
  if ('problem' in read) throw new OauthError('invalid_scope', read.problem)
  return read.scope
}
