const dayMs = 86_400_000

/** The end that many days after the present one, or from now where that is over. */
export function laterEnd(expiresAt: string, days: number, now = Date.now()): string {
  return new Date(Math.max(Date.parse(expiresAt), now) + days * dayMs).toISOString()
}
