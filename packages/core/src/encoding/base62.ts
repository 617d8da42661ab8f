const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Draws `length` base62 characters, each equally likely: random bytes of 248 and above are drawn again. */
export function randomBase62(length: number, randomBytes: (count: number) => Uint8Array): string {
  let text = ''
  while (text.length < length) {
    for (const byte of randomBytes(length - text.length + 8)) {
      if (byte < 248 && text.length < length) text += digits[byte % 62]
    }
  }
  return text
}

/** An unsigned integer in base62, left-padded with `0`. */
export function formatBase62(value: number, length: number): string {
  let text = ''
  for (let rest = value; rest > 0; rest = Math.floor(rest / 62)) text = digits[rest % 62] + text
  return text.padStart(length, '0')
}

/** Whether the last `length` characters of a text are `formatBase62(value, length)`, without writing it. */
export function endsWithBase62(text: string, value: number, length: number): boolean {
  let rest = value
  for (let index = text.length - 1; index >= text.length - length; index--) {
    if (text.charCodeAt(index) !== digits.charCodeAt(rest % 62)) return false
    rest = Math.floor(rest / 62)
  }
  return rest === 0
}
