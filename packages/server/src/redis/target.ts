/** Where the shared counters are: `redis://[USER:PASSWORD@]HOST[:PORT][,HOST[:PORT]…][/DATABASE][?cluster=true]`. */
import { Secret } from '@countersign/core'

export interface RedisTarget {
  readonly hosts: readonly RedisHost[]
  readonly isTls: boolean
  /** Said with `?cluster=true`, or by several hosts. */
  readonly isCluster: boolean
  readonly database: number
  readonly username?: string
  readonly password?: Secret
}

export interface RedisHost {
  readonly host: string
  readonly port: number
}

const hostsMax = 100
const portDefault = 6_379

/** `undefined` for anything else. User and password are percent-encoded, and a password has its colon before it. */
export function parseRedisTarget(text: string): RedisTarget | undefined {
  const match = /^(rediss?):\/\/(?:([^@/?#]*)@)?([^@/?#]+)(?:\/(\d{0,5}))?(?:\?cluster=(true|false))?$/.exec(text)
  if (match === null) return undefined
  const [, scheme, userInfo, authority = '', number, cluster] = match
  const hosts = authority.split(',').map(parseHost)
  const credentials = parseUserInfo(userInfo)
  const isCluster = cluster === undefined ? hosts.length > 1 : cluster === 'true'
  const database = Number(number ?? '0')
  // A cluster has one database, and one server is not several.
  if (hosts.length > hostsMax || (isCluster && database !== 0) || (!isCluster && hosts.length > 1)) return undefined
  if (credentials === undefined || !hosts.every((host) => host !== undefined)) return undefined
  return { hosts, isTls: scheme === 'rediss', isCluster, database, ...credentials }
}

/** For people: everything but the credentials. */
export function formatRedisTarget({ hosts, isTls, isCluster, database, username, password }: RedisTarget): string {
  const user = username === undefined && password === undefined ? '' : '[redacted]@'
  const authority = hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(',')
  const rest = `${database === 0 ? '' : `/${database}`}${isCluster ? '?cluster=true' : ''}`
  return `redis${isTls ? 's' : ''}://${user}${authority}${rest}`
}

function parseHost(text: string): RedisHost | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]{1,253}))(?::(\d{1,5}))?$/.exec(text)
  const port = Number(match?.[3] ?? portDefault)
  if (match === null || port < 1 || port > 65_535) return undefined
  return { host: (match[1] ?? match[2]) as string, port }
}

function parseUserInfo(text: string | undefined): Pick<RedisTarget, 'username' | 'password'> | undefined {
  if (text === undefined) return {}
  const colon = text.indexOf(':')
  if (colon < 0) return undefined
  try {
    const username = decodeURIComponent(text.slice(0, colon))
    const password = decodeURIComponent(text.slice(colon + 1))
    return { ...(username === '' ? {} : { username }), ...(password === '' ? {} : { password: new Secret(password) }) }
  } catch {
    return undefined
  }
}
