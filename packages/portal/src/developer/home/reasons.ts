export interface Reason {
  readonly code: string
  readonly count: number
}

/** Refusals by their reason, the most frequent first. */
export function reasonsOf(
  counts: readonly { readonly outcome?: string | undefined; readonly count: number }[],
): readonly Reason[] {
  const byCode = new Map<string, number>()
  for (const { outcome = '', count } of counts)
    if (outcome !== 'verified') byCode.set(outcome, (byCode.get(outcome) ?? 0) + count)
  return Array.from(byCode, ([code, count]) => ({ code, count })).sort((one, other) => other.count - one.count)
}
