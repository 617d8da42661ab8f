/** A signal that ends with another or on its own, until it is released. */
export interface UntilAborted {
  readonly signal: AbortSignal
  end(): void
  /** To be called when what it was for is over: the other signal lives on and would keep this one. */
  release(): void
}

/** What `AbortSignal.any` does with weak references that the garbage collector has to clear, for each question to a server. */
export function untilAborted(other: AbortSignal): UntilAborted {
  const controller = new AbortController()
  const end = (): void => controller.abort()
  if (other.aborted) end()
  else other.addEventListener('abort', end, { once: true })
  return { signal: controller.signal, end, release: () => other.removeEventListener('abort', end) }
}
