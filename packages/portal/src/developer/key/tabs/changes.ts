type Change = readonly [member: string, was: string, is: string]

/** The members that differ, but for those that every change moves. */
export function changesOf(before: unknown, after: unknown): readonly Change[] {
  if (!isObject(before) || !isObject(after)) return []
  return Object.keys(after).flatMap((member) => {
    const [was, is] = [show(before[member]), show(after[member])]
    return member === 'updatedAt' || was === is ? [] : [[member, was, is] as const]
  })
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null)
}
