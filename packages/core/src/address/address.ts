/**
 * IP addresses as 16 bytes, IPv4 in its IPv4-mapped IPv6 form (RFC 4291 §2.5.5.2), so that both spellings compare
 * equal.
 */
export type Address = Uint8Array

/** A CIDR range. */
export interface AddressRange {
  /** An address of the range. The bits after the prefix do not count. */
  readonly address: Address
  /** The number of leading bits, 0 to 128. */
  readonly prefixLength: number
}

/** Parses `192.0.2.1`, `2001:db8::1` or `::ffff:192.0.2.1`; a zone (`%eth0`) is dropped. `undefined` for other text. */
export function parseAddress(text: string): Address | undefined {
  if (text.length > 64) return undefined
  const known = parsed.get(text)
  if (known !== undefined) return known
  const address = readAddress(text)
  if (address === undefined) return undefined
  if (parsed.size >= parsedMax) parsed.clear()
  parsed.set(text, address)
  return address
}

/** Most requests come from few peers, a proxy or a neighbour. Entries are shared, so nobody writes to them. */
const parsed = new Map<string, Address>()
const parsedMax = 1_000

function readAddress(text: string): Address | undefined {
  const plain = text.replace(/%.*$/, '')
  return plain.includes(':') ? parseV6(plain) : mapV4(parseV4(plain))
}

/** Parses `10.0.0.0/8`, `2001:db8::/32` or one address. Bits below the prefix must be zero; else `undefined`. */
export function parseAddressRange(text: string): AddressRange | undefined {
  // A zone is no part of a range; dropped, the mistyped `192.0.2.0%2F24` would be one address and not 256.
  if (text.includes('%')) return undefined
  const slash = text.indexOf('/')
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash))
  if (address === undefined) return undefined
  const width = text.includes(':') ? 128 : 32
  const lengthText = slash < 0 ? String(width) : text.slice(slash + 1)
  if (!/^(0|[1-9]\d{0,2})$/.test(lengthText) || Number(lengthText) > width) return undefined
  const prefixLength = Number(lengthText) + 128 - width
  const range = { address, prefixLength }
  return hasHostBits(range) ? undefined : range
}

/** Whether the first `prefixLength` bits of an address are those of the range. */
export function isInRange(address: Address, range: AddressRange): boolean {
  const whole = range.prefixLength >> 3
  for (let index = 0; index < whole; index++) if (address[index] !== range.address[index]) return false
  const rest = range.prefixLength & 7
  if (rest === 0) return true
  const mask = 0xff << (8 - rest)
  return ((address[whole] as number) & mask) === ((range.address[whole] as number) & mask)
}

/** The network of an address, for logs that hold no full address: its `/24`, or its `/48` in IPv6. */
export function networkOf(text: string | undefined): string | undefined {
  const address = text === undefined ? undefined : parseAddress(text)
  if (address === undefined) return undefined
  if (isV4(address)) return `${address.subarray(12, 15).join('.')}.0/24`
  return `${groupsOf(address).slice(0, 3).join(':')}::/48`
}

/** As text: IPv4 with dots, IPv6 in its short form (RFC 5952), without brackets. */
export function formatAddress(address: Address): string {
  if (isV4(address)) return address.subarray(12).join('.')
  return new URL(`http://[${groupsOf(address).join(':')}]`).hostname.slice(1, -1)
}

function isV4(address: Address): boolean {
  return address.subarray(0, 10).every((byte) => byte === 0) && address[10] === 0xff && address[11] === 0xff
}

function groupsOf(address: Address): readonly string[] {
  return Array.from({ length: 8 }, (_, at) =>
    (((address[at * 2] as number) << 8) | (address[at * 2 + 1] as number)).toString(16),
  )
}

function hasHostBits(range: AddressRange): boolean {
  for (let bit = range.prefixLength; bit < 128; bit++) {
    if ((range.address[bit >> 3] as number) & (0x80 >> (bit & 7))) return true
  }
  return false
}

function parseV4(text: string): readonly number[] | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (match === null) return undefined
  const parts = match.slice(1)
  // A leading zero is octal to some parsers and decimal to others: neither here.
  if (parts.some((part) => Number(part) > 255 || (part.length > 1 && part.startsWith('0')))) return undefined
  return parts.map(Number)
}

function mapV4(bytes: readonly number[] | undefined): Address | undefined {
  return bytes === undefined ? undefined : Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...bytes])
}

function parseV6(text: string): Address | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = readGroups(halves[0] as string, halves.length === 1)
  const tail = halves.length === 2 ? readGroups(halves[1] as string, true) : []
  if (head === undefined || tail === undefined) return undefined
  const missing = 16 - head.length - tail.length
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined
  return Uint8Array.from([...head, ...new Array<number>(missing).fill(0), ...tail])
}

/** Dotted decimal may stand at the very end only (RFC 4291 §2.2). */
function readGroups(text: string, isEnd: boolean): readonly number[] | undefined {
  if (text === '') return []
  const bytes: number[] = []
  const groups = text.split(':')
  for (const [index, group] of groups.entries()) {
    if (group.includes('.')) {
      const v4 = isEnd && index === groups.length - 1 ? parseV4(group) : undefined
      if (v4 === undefined) return undefined
      bytes.push(...v4)
    } else if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16)
      bytes.push(value >> 8, value & 0xff)
    } else return undefined
  }
  return bytes
}
