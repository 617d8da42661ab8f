const table = Int32Array.from({ length: 256 }, (_, index) => {
  let value = index
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})

/**
 * CRC-32/ISO-HDLC of ASCII text, or of its first `length` characters, as an unsigned integer. A checksum against typing
 * errors, not a secret.
 */
export function crc32(text: string, length = text.length): number {
  let crc = -1
  for (let index = 0; index < length; index++) {
    crc = (crc >>> 8) ^ (table[(crc ^ text.charCodeAt(index)) & 0xff] as number)
  }
  return (crc ^ -1) >>> 0
}
