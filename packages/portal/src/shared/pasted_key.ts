/** A key that somebody pastes to find it: its shape and checksum are checked here, and only its id goes further. */
const shape = /^[a-z][a-z0-9]{0,15}_(?:live|test)_([0-9A-Za-z]{12})_[0-9A-Za-z]{38}$/
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

export type Pasted = { readonly id: string } | { readonly wrong: 'checksum' } | undefined

/** The id in a key, or an id alone; `undefined` for anything else. */
export function readPasted(text: string): Pasted {
  if (/^[0-9A-Za-z]{12}$/.test(text)) return { id: text }
  const [, id] = shape.exec(text) ?? []
  if (id === undefined) return undefined
  return checksum(text.slice(0, -6)) === text.slice(-6) ? { id } : { wrong: 'checksum' }
}

/** CRC-32/ISO-HDLC in base62 (docs/protocol/credentials.md). */
function checksum(text: string): string {
  let crc = -1
  for (const character of text) {
    crc ^= character.charCodeAt(0)
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  let rest = (crc ^ -1) >>> 0
  let written = ''
  for (; rest > 0; rest = Math.floor(rest / 62)) written = `${digits[rest % 62]}${written}`
  return written.padStart(6, '0')
}
