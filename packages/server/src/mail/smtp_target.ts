/** Where mail is handed to: `smtp://[USER:PASSWORD@]HOST[:PORT]`, or `smtps://` with TLS from the first byte (RFC 8314). */
import { Secret } from '@countersign/core'

export interface SmtpTarget {
  readonly host: string
  readonly port: number
  /** `smtps`: TLS from the first byte. */
  readonly isTls: boolean
  /** STARTTLS is not asked for: on this machine, or where the URL says so in so many words. */
  readonly isPlain: boolean
  readonly username?: string
  readonly password?: Secret
}

const ports = { smtp: 587, smtps: 465 } as const
const weakening = 'dangerouslyAllowPlaintext'

/** `undefined` for anything else. User and password are percent-encoded. */
export function parseSmtpTarget(text: string): SmtpTarget | undefined {
  const form =
    /^(smtps?):\/\/(?:([^@/?#:]*):([^@/?#:]*)@)?(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]{1,253}))(?::(\d{1,5}))?\/?(?:\?(\w+)=true)?$/
  const match = form.exec(text)
  if (match === null) return undefined
  const [, scheme, user, secret, address, name, portText, flag] = match
  const host = (address ?? name) as string
  const port = Number(portText ?? ports[scheme as keyof typeof ports])
  const credentials = readCredentials(user, secret)
  if (port < 1 || port > 65_535 || credentials === undefined) return undefined
  if (flag !== undefined && flag !== weakening) return undefined
  const isTls = scheme === 'smtps'
  return { host, port, isTls, isPlain: !isTls && (isLoopback(host) || flag === weakening), ...credentials }
}

/** For people: everything but the credentials. */
export function formatSmtpTarget({ host, port, isTls, isPlain, username }: SmtpTarget): string {
  const user = username === undefined ? '' : '[redacted]@'
  const flag = isPlain && !isLoopback(host) ? `?${weakening}=true` : ''
  return `smtp${isTls ? 's' : ''}://${user}${host.includes(':') ? `[${host}]` : host}:${port}${flag}`
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

function readCredentials(
  user: string | undefined,
  secret: string | undefined,
): Pick<SmtpTarget, 'username' | 'password'> | undefined {
  if (user === undefined || secret === undefined) return {}
  try {
    return { username: decodeURIComponent(user), password: new Secret(decodeURIComponent(secret)) }
  } catch {
    return undefined
  }
}

/** The address that mails come from, perhaps with a name: `Northwind <accounts@example.com>`. */
export interface MailFrom {
  readonly name: string
  readonly address: string
}

/** `undefined` for anything else. */
export function parseMailFrom(text: string): MailFrom | undefined {
  const match = /^(?:([^<>"\p{Cc}]{0,100}?) ?<([^<>]+)>|([^<>]+))$/u.exec(text.trim())
  const address = match?.[2] ?? match?.[3] ?? ''
  if (!/^[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}$/.test(address)) return undefined
  return { name: match?.[1] ?? '', address }
}
