/** The middle of several measurements: one slow moment of a shared machine does not count. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] as number
}

/** Calls a second of a synchronous function, measured for about `ms` after a short warm-up. */
export function perSecond(work: (index: number) => void, ms = 600): number {
  let index = 0
  const until = (end: number): number => {
    const beganAt = performance.now()
    const from = index
    while (performance.now() < end) for (let round = 0; round < 64; round++) work(index++)
    return ((index - from) * 1000) / (performance.now() - beganAt)
  }
  until(performance.now() + ms / 4)
  return until(performance.now() + ms)
}

/** Two in turn, several times: the medians and the median of the ratios pair by pair. */
export function compare(
  a: () => number,
  b: () => number,
  rounds = 5,
): { readonly a: number; readonly b: number; readonly ratio: number } {
  const pairs = Array.from({ length: rounds }, () => [a(), b()] as const)
  return {
    a: median(pairs.map(([x]) => x)),
    b: median(pairs.map(([, y]) => y)),
    ratio: median(pairs.map(([x, y]) => x / y)),
  }
}

export async function compareAsync(
  a: () => Promise<number>,
  b: () => Promise<number>,
  rounds = 3,
): Promise<{ readonly a: number; readonly b: number; readonly ratio: number }> {
  const pairs: (readonly [number, number])[] = []
  for (let round = 0; round < rounds; round++) pairs.push([await a(), await b()])
  return {
    a: median(pairs.map(([x]) => x)),
    b: median(pairs.map(([, y]) => y)),
    ratio: median(pairs.map(([x, y]) => x / y)),
  }
}
