import type { Grant, MaybePromise, Seconds } from '@countersign/core'
import { Cache } from '@countersign/verifier/engine'
import { metadataHeaders } from './headers/identity.ts'
import type { RawHeaders } from './headers/raw.ts'
import { gatewayLimits } from './limits.ts'

/**
 * The port to the signer of assertions, by which the upstream can verify a caller's identity: the server in the same
 * process, or `POST /v1/assertions`. Throws when no assertion can be had now.
 */
export type AssertionSource = (question: {
  readonly grant: Grant
  readonly credential: string
  readonly ip: string | undefined
  readonly origin: string | undefined
  /** The entry of the feed that the grant was judged by: what is signed must not be older. */
  readonly minSequence: number
}) => MaybePromise<{ readonly assertion: string; readonly expiresAt: Seconds }>

export interface Assertions {
  /** A valid assertion: a value where one is kept, a promise where it must be fetched; rejects when that fails. */
  get(question: Parameters<AssertionSource>[0]): MaybePromise<Attested>
}

/** The fields about a grant that are made once and not for each request. */
export interface Attested {
  readonly assertion: string
  /** The fields that say the metadata, written once for the grant and not for each request. */
  readonly metadata: RawHeaders
}

interface Kept extends Attested {
  readonly renewAt: Seconds
  readonly expiresAt: Seconds
  isRenewing: boolean
}

/**
 * Keeps one assertion for each grant and renews it at half its life, in the background while the old one is valid.
 * `now` is the server's time, by which the assertion ends. Each change of the book makes new grant objects; a grant
 * with the same content goes on with the same assertion.
 */
export function createAssertions(source: AssertionSource, now: () => Seconds): Assertions {
  const byGrant = new WeakMap<Grant, Kept>()
  const byContent = new Cache<Kept>(gatewayLimits.assertionsKept)
  const underWay = new Map<string, Promise<Kept>>()

  function keep({ grant }: Parameters<AssertionSource>[0], askedAt: Seconds, answer: Answer): Kept {
    const kept = keptOf(answer, grant, askedAt)
    if (now() >= kept.expiresAt) throw new Error('the assertion had ended when it came')
    byGrant.set(grant, kept)
    if (isWhole(grant)) byContent.set(contentOf(grant), kept)
    return kept
  }

  /** Single flight for all grants with the same content. */
  function ask(question: Parameters<AssertionSource>[0]): MaybePromise<Kept> {
    const content = contentOf(question.grant)
    const running = underWay.get(content)
    if (running !== undefined) return running
    const askedAt = now()
    const answer = source(question)
    if (!(answer instanceof Promise)) return keep(question, askedAt, answer)
    const settled = withDeadline(answer)
      .then((settledAnswer) => keep(question, askedAt, settledAnswer))
      .finally(() => underWay.delete(content))
    underWay.set(content, settled)
    return settled
  }

  /** After a failure the next request asks again; the failure counts only once the old assertion has ended. */
  function renew(question: Parameters<AssertionSource>[0], kept: Kept): void {
    kept.isRenewing = true
    const again = (): void => {
      kept.isRenewing = false
    }
    try {
      const asked = ask(question)
      if (asked instanceof Promise) void asked.then(again, again)
    } catch {
      again()
    }
  }

  function ofSameContent(grant: Grant): Kept | undefined {
    return isWhole(grant) ? byContent.get(contentOf(grant)) : undefined
  }

  return {
    get(question) {
      const kept = byGrant.get(question.grant) ?? ofSameContent(question.grant)
      if (kept === undefined || now() >= kept.expiresAt) {
        return ask(question)
      }
      byGrant.set(question.grant, kept)
      if (now() >= kept.renewAt && !kept.isRenewing) renew(question, kept)
      return kept
    },
  }
}

type Answer = Awaited<ReturnType<AssertionSource>>

function keptOf(answer: Answer, grant: Grant, askedAt: Seconds): Kept {
  const { assertion } = answer
  if (!/^[\w.~+/=-]+$/.test(assertion)) throw new TypeError('the assertion has characters that no header can carry')
  const endsAt = grant.expiresAt ?? Number.POSITIVE_INFINITY
  const expiresAt = Math.min(answer.expiresAt, endsAt)
  // An assertion that lasts to the credential's end cannot be renewed.
  const renewAt = expiresAt < endsAt ? askedAt + (expiresAt - askedAt) / 2 : endsAt
  return { assertion, metadata: metadataHeaders(grant), expiresAt, renewAt, isRenewing: false }
}

/** Where the metadata of the client could not be had, the grant does not show whether what was signed of it has changed. */
function isWhole({ clientMetadata }: Grant): boolean {
  return clientMetadata !== undefined
}

/** All members of a grant that an assertion holds. */
function contentOf(grant: Grant): string {
  const { kind, tenant, clientId, credentialId, subject, audience, scope, expiresAt, metadata, clientMetadata } = grant
  const plain = [kind, tenant, clientId, credentialId, subject, audience, scope, expiresAt]
  return JSON.stringify([...plain, metadata, clientMetadata])
}

function withDeadline(answer: Promise<Answer>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no assertion in time')), gatewayLimits.assertionTimeoutMs)
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
