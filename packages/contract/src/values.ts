import { isScopeToken, limits, parseAddressRange, parseTime, readScope } from '@countersign/core'
import { z } from 'zod'
import { nameSchemas } from './schema_names.ts'

/** Values that several operations share. Every text has a longest length. */

export const id = z.string().min(1).max(255).describe('An id that the server gave')
/** The party that a credential speaks for (RFC 7519 §4.1.2). Texts of these beginnings are ours to give. */
export const subject = z
  .string()
  .min(1)
  .max(limits.subjectCharactersMax)
  .regex(/^(?!client_|acct_)/, 'must not begin with client_ or acct_')

export const name = z.string().min(1, 'must not be empty').max(200).describe('A name for people; need not be unique')

/** The name of a person, as people see it. */
export const personName = name.describe('The name of the person')

/** The part before the @ has at most 64 characters (RFC 5321 §4.5.3.1.1). */
export const email = z
  .email('must be an e-mail address')
  .max(254)
  .refine((address) => address.lastIndexOf('@') <= 64, 'must have at most 64 characters before the @')
  .meta({ description: 'The address of the person', format: 'email' })

/** As an answer has it. */
export const emailText = z.string().describe('The address of the person')

export const time = z
  .string()
  .max(64)
  .refine((text) => parseTime(text) !== undefined, 'must be an RFC 3339 date-time such as 2026-11-22T10:00:00Z')
  .meta({ format: 'date-time', description: 'An RFC 3339 date-time; answers have it in UTC and whole seconds' })

/** Any JSON value. Not `z.json()`: its recursion makes a reference that an OpenAPI document cannot hold. */
export const json = z.unknown().describe('Any JSON value')

/** 4 KiB of JSON in UTF-8: verifiers keep it in memory. */
const metadataBytesMax = 4_096

function jsonBytesOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length
}

export const metadata = z
  .record(z.string().max(100), json)
  .refine((value) => jsonBytesOf(value) <= metadataBytesMax, `must have at most ${metadataBytesMax} bytes as JSON`)
  .describe('An object of yours, at most 4096 bytes as JSON; every verification answers it, and its holder can read it')

/** One scope token (RFC 6749 §3.3), as a document writes patterns. */
const tokenPattern = '[!#-\\[\\]-~]+'

/** Scope tokens with a space between them, or none. */
export const scopeTextPattern = new RegExp(`^(?:${tokenPattern}(?: ${tokenPattern})*)?$`)

export const scopeText = z
  .string()
  .max(limits.scopeBytesMax)
  .meta({
    description: 'Scope tokens with a space between them (RFC 6749 §3.3)',
    pattern: `^(?:${tokenPattern}(?: ${tokenPattern})*)?$`,
  })

export const scopeToken = z
  .string()
  .max(limits.scopeTokenBytesMax)
  .refine(isScopeToken, 'must be one scope token (RFC 6749 §3.3): printable ASCII without space, " and \\')
  .meta({ pattern: `^${tokenPattern}$` })

const actions = z.strictObject({
  actions: z.array(z.string().max(256)).max(1_000).describe('The actions that may be done with it'),
})
const structuredScope = z.record(z.string().max(256), actions)

/** `readScope` says what is wrong with it; here its form is only written down. */
const listedToken = z
  .string()
  .max(limits.scopeTokenBytesMax)
  .meta({ pattern: `^${tokenPattern}$` })

export const scope = z
  .union([scopeText, z.array(listedToken).max(limits.scopeTokensMax), structuredScope])
  .superRefine((value, context) => {
    const read = readScope(value)
    if ('problem' in read) context.addIssue({ code: 'custom', message: read.problem })
  })
  .describe('A string of tokens, a list of them, or {"users": {"actions": ["read"]}}, which is read:users')

/** The characters of RFC 3986 §2, brackets around an address alone. `URL` takes others, which strict readers refuse. */
const absoluteUri =
  /^[A-Za-z][A-Za-z0-9+.-]*:(?:\/\/\[[0-9A-Fa-f:.]+\])?(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*$/

export const audience = z
  .string()
  .max(255)
  .refine((text) => absoluteUri.test(text) && URL.canParse(text), 'must be an absolute URI without a fragment')
  .meta({
    description: 'The audience of an API, as it was registered: an absolute URI without a fragment',
    format: 'uri',
    pattern: absoluteUri.source,
  })

const accessInput = z.strictObject({ audience, scope })

export const access = z.array(accessInput).max(1_000).describe('For each API, the scope that the client may ever have')

export const cidr = z
  .string()
  .max(64)
  .refine(
    (text) => parseAddressRange(text) !== undefined,
    'must be a CIDR range such as 192.0.2.0/24, without host bits',
  )
  .meta({
    description: 'A CIDR range or one address, IPv4 or IPv6; the bits below the prefix are zero',
    format: 'cidr',
    pattern: '^[0-9A-Fa-f:.]{2,45}(?:/(?:0|[1-9][0-9]{0,2}))?$',
    examples: ['192.0.2.0/24', '2001:db8::/32'],
  })

export const ipAllow = z
  .array(cidr)
  .min(1)
  .max(limits.constraintEntriesMax)
  .describe('The only addresses that may use it, as CIDR ranges; default: all')

export const httpUrl = z
  .string()
  .max(2_048)
  .refine((text) => /^https?:\/\//i.test(text) && URL.canParse(text), 'must be an absolute http or https URL')

/** Plain http is for one's own machine alone. */
export const httpsUrl = z
  .string()
  .max(2_048)
  .refine((text) => isHttps(text), 'must be an absolute https URL, or http on a loopback address, without user')

function isHttps(text: string): boolean {
  const url = /^https?:\/\//i.test(text) ? URL.parse(text) : null
  if (url === null || url.username !== '' || url.password !== '') return false
  return url.protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
}

export const logoUri = z
  .string()
  .max(2_048)
  .refine((text) => /^https?:\/\//i.test(text) && URL.canParse(text), 'must be an absolute https URL')
  .describe('A picture: PNG, JPEG or WebP with at most 64 KB. The server fetches it once, when it is set')

export const origin = z
  .string()
  .max(255)
  .refine(
    (text) => URL.canParse(text) && new URL(text).origin === text && text !== 'null',
    'must be an origin such as https://app.example',
  )
  .meta({
    description: 'A web origin as browsers send it (RFC 6454): scheme, host and any port but the usual one, no path',
    format: 'origin',
    pattern: '^(?:https?|wss?|ftp)://(?:[!"$&-.0-9;=_`a-z{}~]+|\\[[0-9a-f:.]+\\])(?::[1-9][0-9]{0,4})?$',
    examples: ['https://app.example', 'http://localhost:3000'],
  })

export const originAllow = z
  .array(origin)
  .min(1)
  .max(limits.constraintEntriesMax)
  .describe('The only web origins that may use it; default: all')

export const rateLimit = z.strictObject({
  limit: z.int().min(0).max(1_000_000_000).describe('The calls of a window, or the sum of their costs'),
  windowSeconds: z
    .int()
    .min(1)
    .max(86_400 * 31)
    .describe('The length of the window, in seconds'),
})

export const ratePolicy = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,31}$/, 'must match [a-z][a-z0-9_-]{0,31}')
    .describe('Its name, unique in the list'),
  ...rateLimit.shape,
})

export const rateLimits = z
  .array(ratePolicy)
  .max(limits.ratePoliciesMax)
  .refine((policies) => new Set(policies.map(({ name }) => name)).size === policies.length, 'names a policy twice')
  .describe('Further limits by name; a call must pass all of them. `rateLimit` is the one named `default`')

/** As an answer shows what limits a key, client or API. */
export const limited = {
  rateLimit: rateLimit.nullable().describe('The limit named `default`; null for none'),
  rateLimits: rateLimits.nullable(),
}

/** As a body sets it: null takes away. */
export const limiting = {
  rateLimit: limited.rateLimit.optional(),
  rateLimits: limited.rateLimits.optional(),
}

export const environment = z
  .enum(['live', 'test'])
  .describe('A word in the text of a key, for people and scanners; it changes nothing')
export const status = z
  .enum(['active', 'disabled', 'revoked', 'expired'])
  .describe('Its state at the time of the answer')
export const objectStatus = z.enum(['active', 'disabled', 'revoked']).describe('Its state at the time of the answer')
export const switchable = z
  .enum(['active', 'disabled'])
  .describe('While it is `disabled`, every credential of it is refused')
export const revoked = z.literal('revoked').describe('Its state: it stays so')

/** The times of every record. */
export const stamps = {
  createdAt: time.describe('When it was created'),
  updatedAt: time.describe('When it was last changed'),
}

/** The end of a credential. */
export const expiresAt = time.nullable().describe('When it ends; null for never')

/**
 * A number in a query, where everything is text. Digits only: `Number` would take the empty text, spaces and `0x10` as
 * well.
 */
export function wholeNumber(min: number, max: number) {
  return z
    .string()
    .regex(/^\d{1,16}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(min).max(max))
}

/** The server wrote it and knows it by its MAC; nobody else can make one. */
const cursor = z
  .string()
  .min(1)
  .max(512)
  .regex(/^[\w-]+\.[\w-]{22}$/, 'must be the `next` of a page of this list')
  .describe('Where a page ends: an opaque text, good for this list alone')

export const pageQuery = {
  limit: wholeNumber(1, 100).default(25).describe('Items a page'),
  after: cursor.optional().describe('`next` of the page before'),
}

/** By what lists are ordered. */
export type SortName = 'name' | 'createdAt' | 'expiresAt' | 'lastUsedAt'

/** The query of a list that can be searched and ordered. `sort` is `createdAt` unless it is given. */
export function listQuery<const By extends SortName>(...by: readonly By[]) {
  const orders = by.flatMap((name) => [name, `-${name}` as const])
  return {
    ...pageQuery,
    q: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe('Only items that have this text in name, id, external id, subject or address'),
    sort: z.enum(orders).optional().describe('The order, `-` before it for descending; `createdAt` by default'),
  }
}

/** `{data, next}`: `next` is null on the last page. */
export function page(item: z.ZodType): z.ZodObject {
  return z.object({
    data: z.array(item).describe('The items of this page'),
    next: cursor.nullable().describe('`after` for the next page; null on the last one'),
  })
}

export const jwk = z.record(z.string().max(64), json).describe('A public JWK (RFC 7517) with kid and alg')

export const tokenFormat = z.enum(['jwt', 'opaque'])

export const jwks = z
  .strictObject({ keys: z.array(jwk).max(20).describe('The public keys') })
  .describe('The public keys by which the client authenticates and signs its own JWTs (RFC 7517 §5)')

export const graceSeconds = z
  .int()
  .min(0)
  .max(86_400 * 90)
  .describe('How long the former one goes on, in seconds; at most 90 days')

export const feedSequence = z
  .int()
  .min(0)
  .describe('The place of the change in the feed: GET /v1/revocations/{feedSequence} says who has applied it')

export const verifiers = z
  .object({
    applied: z.int().describe('Verifiers that are known to have applied it'),
    total: z.int().describe('Verifiers that must apply it, as far as is known'),
  })
  .describe('How far the change has come at the time of the answer')

/** The receipt in the answer to a change: how far it has come to the verifiers. */
export const inFeed = { feedSequence, verifiers }

export const reason = z.string().max(500).optional().describe('The reason, for the audit log')

const forceText = 'Do it even if no live credential with all management scopes is left; the audit log keeps it'

export const force = z.boolean().optional().describe(forceText)

/** In a query, where everything is text. */
export const flag = z.enum(['true', 'false'])

/** Where there is no body. */
export const forceQuery = z.strictObject({
  force: flag.default('false').describe(forceText),
})

nameSchemas({
  AccessInput: accessInput,
  AppliedCount: verifiers,
  Cidr: cidr,
  CredentialStatus: status,
  Environment: environment,
  Jwk: jwk,
  Flag: flag,
  JwkSetInput: jwks,
  Metadata: metadata,
  ObjectStatus: objectStatus,
  Origin: origin,
  RateLimit: rateLimit,
  RatePolicy: ratePolicy,
  Scope: scope,
  StructuredScope: structuredScope,
  ScopeActions: actions,
  Switch: switchable,
  TokenFormat: tokenFormat,
})
