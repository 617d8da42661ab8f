/** The hosts of a `postgres://` URL, each as a URL of its own (libpq, §34.1.1: several hosts, separated by commas). */
import { DatabaseOpenError } from '../errors.ts'

const shape = /^(postgres(?:ql)?:\/\/(?:[^@/]*@)?)([^/?]*)(.*)$/s

/**
 * `postgres://user@a:5432,b:5433/database?target_session_attrs=read-write` gives two URLs. The values `read-write` and
 * `primary` are accepted, since only the primary is used anyway; any other value is refused. Throws
 * `DatabaseOpenError`.
 */
export function splitHosts(url: string): readonly string[] {
  const match = shape.exec(url)
  if (match === null) throw badUrl('it must be postgres://USER@HOST:PORT/DATABASE')
  const [, before = '', hosts = '', rest = ''] = match
  const [path = '', query = ''] = rest.split('?', 2)
  const parameters = new URLSearchParams(query)
  const attributes = parameters.get('target_session_attrs')
  if (attributes !== null && attributes !== 'read-write' && attributes !== 'primary') {
    throw badUrl('target_session_attrs must be read-write: only the primary is of use')
  }
  parameters.delete('target_session_attrs')
  parameters.delete('asynchronous_standby')
  const after = parameters.size === 0 ? path : `${path}?${parameters}`
  const urls = hosts.split(',').map((host) => `${before}${host}${after}`)
  // The directory of a socket comes in the query. The host is then a placeholder.
  if (urls.some((each) => !URL.canParse(each))) throw badUrl('one of its hosts cannot be read')
  return urls
}

/** Whether the operator has explicitly accepted that a failover may lose acknowledged changes. */
export function acceptsAsynchronousStandby(url: string): boolean {
  return new URLSearchParams(shape.exec(url)?.[3]?.split('?', 2)[1] ?? '').get('asynchronous_standby') === 'accepted'
}

/** The URL holds a password, so the message quotes no part of it. */
function badUrl(why: string): DatabaseOpenError {
  return new DatabaseOpenError('bad_url', `COUNTERSIGN_DATABASE cannot be used: ${why}`)
}
