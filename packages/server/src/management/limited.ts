/** Limits of keys, clients and APIs, as bodies set them and answers show them: the same for all three. */
import { defaultPolicyName, type Limited, type RateLimit, type RatePolicy } from '@countersign/core'
import { invalid } from './find.ts'

interface LimitedBody {
  readonly rateLimit?: RateLimit | null | undefined
  readonly rateLimits?: readonly RatePolicy[] | null | undefined
}

/** `null`, and an empty list, take away; absent leaves as it was. */
export function limitsOf(body: LimitedBody, before: Limited = {}): Limited {
  const rateLimit = body.rateLimit === undefined ? before.rateLimit : (body.rateLimit ?? undefined)
  const rateLimits = body.rateLimits === undefined ? before.rateLimits : (body.rateLimits ?? undefined)
  if (rateLimit !== undefined && rateLimits?.some(({ name }) => name === defaultPolicyName))
    throw invalid('/rateLimits', `must not name a policy ${defaultPolicyName}: that is the name of rateLimit`)
  return {
    ...(rateLimit === undefined ? {} : { rateLimit }),
    ...(rateLimits === undefined || rateLimits.length === 0 ? {} : { rateLimits }),
  }
}

/** Without its limits: those that `limitsOf` gives take their place. */
export function withoutLimits<T extends Limited>({ rateLimit: _, rateLimits: __, ...rest }: T) {
  return rest
}

export function limitsView({ rateLimit, rateLimits }: Limited) {
  return { rateLimit: rateLimit ?? null, rateLimits: rateLimits ?? null }
}
