/**
 * Gives a place back once, however often that is asked for, and at the latest when the caller has gone: an answer whose body is
 * never begun, as that of HEAD, would hold it for ever.
 */
export function leaveOnce(signal: AbortSignal, give: () => void): () => void {
  let isIn = true
  const leave = (): void => {
    if (isIn) give()
    isIn = false
  }
  if (signal.aborted) leave()
  else signal.addEventListener('abort', leave, { once: true })
  return leave
}
