/** When the other secrets end once another is added: in so many seconds, or `on`, as they would otherwise. */
export const othersEnds = ['0', '3600', '86400', '604800', 'on'] as const
export type OthersEnd = (typeof othersEnds)[number]
export const othersEndDefault: OthersEnd = '86400'

/** The body that says so. `hasOthers`: without others there is nothing to end. */
export function secretBodyOf(end: OthersEnd, hasOthers: boolean): { readonly graceSeconds?: number } {
  return hasOthers && end !== 'on' ? { graceSeconds: Number(end) } : {}
}

/** The same choice again, of a call whose answer was lost. */
export function othersEndOf(body: { readonly graceSeconds?: number }): OthersEnd {
  return othersEnds.find((each) => Number(each) === body.graceSeconds) ?? 'on'
}
