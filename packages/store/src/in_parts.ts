/** Rows or ids in one statement. Eleven parameters a row stay far below the maximum of both databases. */
const partMax = 500

/** Runs `work` on one part after the other and gives all results in order. */
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
