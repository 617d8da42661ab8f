/** A signal that ends with another or on its own, until it is released. */
export interface UntilAborted {
  readonly signal: AbortSignal
  end(): void
  /** Must be called when it is no longer needed: the other signal lives on and would keep this one in memory. */
  release(): void
}

/**
 * Does the work of `AbortSignal.any` without weak references, which the garbage collector would clear after each
 * question.
 */
export function untilAborted(other: AbortSignal): UntilAborted {
  const controller = new AbortController()
  const end = (): void => controller.abort()
  if (other.aborted) end()
  else other.addEventListener('abort', end, { once: true })
  return { signal: controller.signal, end, release: () => other.removeEventListener('abort', end) }
}
