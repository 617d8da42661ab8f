/** The ticked operations, as they stand in the address: names with a bar between. */
export function readTicks(written: string | undefined): readonly string[] {
  return (written ?? '')
    .split('|')
    .filter((part) => part !== '')
    .map(unescapeName)
}

/** `undefined` for none, so that the address has no empty member. */
export function writeTicks(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : names.map((name) => name.replace(/[%|]/g, encodeURIComponent)).join('|')
}

export function toggleTick(written: string | undefined, name: string): string | undefined {
  const names = readTicks(written)
  return writeTicks(names.includes(name) ? names.filter((each) => each !== name) : [...names, name])
}

function unescapeName(part: string): string {
  return part.replace(/%(?:25|7C)/gi, decodeURIComponent)
}
