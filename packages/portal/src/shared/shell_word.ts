/** One word of a POSIX shell, whatever is in it. */
export function shellWord(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`
}
