const number = new Intl.NumberFormat('en')

/** `1 call`, `1,204 calls`. */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${number.format(value)} ${value === 1 ? one : many}`
}
