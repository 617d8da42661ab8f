/** Rows or ids in one statement; nine parameters each stay far below what either database takes. */
const partMax = 500

/** One part after the other; what each gave, together. */
export async function inParts<T, R>(
  items: readonly T[],
  work: (part: readonly T[]) => Promise<readonly R[]>,
): Promise<readonly R[]> {
  const results: R[] = []
  for (let start = 0; start < items.length; start += partMax) {
    results.push(...(await work(items.slice(start, start + partMax))))
  }
  return results
}
