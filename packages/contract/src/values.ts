import { isScopeToken, limits, parseAddressRange, parseTime, readScope } from '@countersign/core'
import { z } from 'zod'

/** Values that several operations share. Every text has a longest length. */

export const id = z.string().min(1).max(255).meta({ description: 'An id, as it was given' })
export const name = z.string().min(1).max(200).meta({ description: 'For people; need not be unique' })

export const time = z
  .string()
  .max(64)
  .refine((text) => parseTime(text) !== undefined, 'must be an RFC 3339 date-time such as 2026-11-22T10:00:00Z')
  .meta({ format: 'date-time' })

/** Any JSON value. Not `z.json()`: its recursion makes a reference that an OpenAPI document cannot hold. */
export const json = z.unknown().meta({ description: 'Any JSON value' })

export const metadata = z
  .record(z.string().max(100), json)
  .refine((value) => JSON.stringify(value).length <= 4_096, 'must have at most 4096 characters as JSON')
  .meta({ description: 'Yours; comes back with every verification' })

export const scopeText = z.string().max(limits.scopeBytesMax).meta({ description: 'RFC 6749 §3.3' })

const structuredScope = z.record(
  z.string().max(256),
  z.strictObject({ actions: z.array(z.string().max(256)).max(1_000) }),
)

export const scope = z
  .union([scopeText, z.array(z.string().max(limits.scopeTokenBytesMax)).max(limits.scopeTokensMax), structuredScope])
  .superRefine((value, context) => {
    const read = readScope(value)
    if ('problem' in read) context.addIssue({ code: 'custom', message: read.problem })
  })
  .meta({ description: 'A string of tokens, a list of them, or {"users": {"actions": ["read"]}}, which is read:users' })

export const scopeToken = z
  .string()
  .max(limits.scopeTokenBytesMax)
  .refine(isScopeToken, 'must be one scope token (RFC 6749 §3.3): printable ASCII without space, " and \\')

export const audience = z
  .string()
  .max(255)
  .refine(
    (text) => /^[\x21-\x7e]+$/.test(text) && URL.canParse(text) && !text.includes('#'),
    'must be an absolute URI without a fragment',
  )
  .meta({ description: 'The API, as registered' })

export const access = z
  .array(z.strictObject({ audience, scope }))
  .max(1_000)
  .meta({ description: 'For each API, the scopes the client may ever have' })

export const ipAllow = z
  .array(
    z
      .string()
      .max(64)
      .refine(
        (text) => parseAddressRange(text) !== undefined,
        'must be a CIDR range such as 192.0.2.0/24, without host bits',
      ),
  )
  .min(1)
  .max(limits.constraintEntriesMax)

export const originAllow = z
  .array(
    z
      .string()
      .max(255)
      .refine(
        (text) => URL.canParse(text) && new URL(text).origin === text && text !== 'null',
        'must be an origin such as https://app.example',
      ),
  )
  .min(1)
  .max(limits.constraintEntriesMax)

export const rateLimit = z.strictObject({
  limit: z.int().min(0).max(1_000_000_000),
  windowSeconds: z
    .int()
    .min(1)
    .max(86_400 * 31),
})

export const ratePolicy = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_-]{0,31}$/, 'must match [a-z][a-z0-9_-]{0,31}'),
  ...rateLimit.shape,
})

export const rateLimits = z
  .array(ratePolicy)
  .max(limits.ratePoliciesMax)
  .refine((policies) => new Set(policies.map(({ name }) => name)).size === policies.length, 'names a policy twice')
  .meta({ description: 'Further limits by name; a call must pass all of them. `rateLimit` is the one named `default`' })

/** As an answer shows what limits a key, client or API. */
export const limited = { rateLimit: rateLimit.nullable(), rateLimits: rateLimits.nullable() }

/** As a body sets it: null takes away. */
export const limiting = { rateLimit: rateLimit.nullable().optional(), rateLimits: rateLimits.nullable().optional() }

export const environment = z.enum(['live', 'test'])
export const status = z.enum(['active', 'disabled', 'revoked', 'expired'])
export const switchable = z.enum(['active', 'disabled'])

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

export const pageQuery = {
  limit: wholeNumber(1, 100).default(25).meta({ description: 'Items a page' }),
  after: z.string().min(1).max(512).optional().meta({ description: '`next` of the page before' }),
}

/** `{data, next}`: `next` is null on the last page. */
export function page(item: z.ZodType): z.ZodObject {
  return z.object({ data: z.array(item), next: z.string().nullable() })
}

export const jwk = z.record(z.string().max(64), json).meta({ description: 'A public JWK (RFC 7517) with kid and alg' })

export const jwks = z.strictObject({ keys: z.array(jwk).max(20) })

export const graceSeconds = z
  .int()
  .min(0)
  .max(86_400 * 90)

export const feedSequence = z.int().min(0).meta({ description: 'The change’s place in the feed: see /v1/revocations' })

export const verifiers = z
  .object({ applied: z.int(), total: z.int() })
  .meta({ description: 'How many verifiers are known to have applied it already, of all that may not have' })

/** The receipt in the answer to a change: how far it has come to the verifiers. */
export const inFeed = { feedSequence, verifiers }

export const reason = z.string().max(500).optional()

const forceText = 'Do it even if no live credential with all management scopes is left; the audit log keeps it'

export const force = z.boolean().optional().meta({ description: forceText })

/** Where there is no body. */
export const forceQuery = z.strictObject({
  force: z.enum(['true', 'false']).default('false').meta({ description: forceText }),
})
