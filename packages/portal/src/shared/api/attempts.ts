/**
 * Attempts to make something whose answer is still owed: a retry sends the same body with the same Idempotency-Key and is given
 * what was made, a key that is shown once among it. In memory alone, since both together open the answer; so they outlive a panel
 * and a screen, and not the page.
 */
import { ApiProblem, isAnswerLost } from './problem.ts'

interface Attempt<B> {
  readonly body: B
  readonly idempotencyKey: string
}

interface Kept extends Attempt<unknown> {
  isLost: boolean
}

const kept = new Map<string, Kept>()

export const attempts = {
  /** `make`: the body, unless one was sent before. It is sent again until `settle`, or until a refusal says that nothing was made. */
  async send<B, A>(name: string, make: () => B, send: (attempt: Attempt<B>) => Promise<A>): Promise<A> {
    const own = kept.get(name) ?? { body: make(), idempotencyKey: newIdempotencyKey(), isLost: false }
    kept.set(name, own)
    try {
      return await send({ body: own.body as B, idempotencyKey: own.idempotencyKey })
    } catch (error) {
      if (isAnswerLost(error)) own.isLost = true
      else if (!own.isLost || !saysNothing(error)) kept.delete(name)
      throw error
    }
  },
  /** The answer has come and was taken. */
  settle(...names: readonly string[]): void {
    for (const name of names) kept.delete(name)
  },
  /** The body of an attempt that may have been done. */
  owed<B>(name: string): B | undefined {
    const own = kept.get(name)
    return own?.isLost === true ? (own.body as B) : undefined
  },
  /** Whether the answer of any is owed. */
  areOwed(): boolean {
    return [...kept.values()].some(({ isLost }) => isLost)
  },
}

/** A refusal of the caller tells nothing about what an earlier call has done. */
function saysNothing(error: unknown): boolean {
  return error instanceof ApiProblem && [401, 403, 421, 429].includes(error.status)
}

/** `crypto.randomUUID` wants https. */
function newIdempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
