/** How long an old key works beside its new one, in seconds: the choices of the portal. */
export const graces = ['0', '3600', '86400', '604800', '2592000'] as const
export type Grace = (typeof graces)[number]
export const graceDefault: Grace = '86400'

/** When the old key ends: after the grace, and never past its own end. `isCut`: its own end comes first. */
export function endOfOld(
  grace: Grace,
  expiresAt: string | null,
  now = Date.now(),
): { readonly at: string; readonly isCut: boolean } {
  const graceEnd = now + Number(grace) * 1000
  const own = expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(expiresAt)
  return { at: new Date(Math.min(graceEnd, own)).toISOString(), isCut: own < graceEnd }
}
