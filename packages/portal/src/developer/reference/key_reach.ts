/** The scopes that a key is worth now: its own, as far as its client still has them. */
import type { Client, ListedKey } from '../../shared/api/queries.ts'

type Kept = Pick<ListedKey, 'audience' | 'scope'>

/** `client`: `undefined` where it is not among those that were read, and then the key's own scope is all that is known. */
export function reachOf({ audience, scope }: Kept, client: Pick<Client, 'access'> | undefined): ReadonlySet<string> {
  const own = scope.split(' ').filter((token) => token !== '')
  if (client === undefined) return new Set(own)
  const given = client.access.find((each) => each.audience === audience)?.scope ?? ''
  const left = new Set(given.split(' '))
  return new Set(own.filter((token) => left.has(token)))
}
