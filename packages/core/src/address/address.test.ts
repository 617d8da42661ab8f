import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Address, formatAddress, isInRange, networkOf, parseAddress, parseAddressRange } from './address.ts'

function isAllowed(address: string, range: string): boolean {
  const parsed = parseAddress(address)
  const within = parseAddressRange(range)
  if (parsed === undefined || within === undefined) throw new Error(`${address} ${range}`)
  return isInRange(parsed, within)
}

describe('an address lies in a range whatever its spelling', () => {
  test.each([
    ['10.1.2.3', '10.0.0.0/8', true],
    ['11.1.2.3', '10.0.0.0/8', false],
    ['192.0.2.129', '192.0.2.128/25', true],
    ['192.0.2.127', '192.0.2.128/25', false],
    ['::ffff:10.1.2.3', '10.0.0.0/8', true],
    ['::FFFF:0A01:0203', '10.0.0.0/8', true],
    ['10.1.2.3', '::ffff:10.0.0.0/104', true],
    ['::1', '127.0.0.1/32', false],
    ['2001:db8::1', '2001:db8::/32', true],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1', true],
    ['2001:db9::1', '2001:db8::/32', false],
    ['fe80::1%eth0', 'fe80::/10', true],
    ['1.2.3.4', '0.0.0.0/0', true],
    ['::1', '::/0', true],
  ])('%s in %s is %s', (address, range, expected) => expect(isAllowed(address, range)).toBe(expected))
})

describe('what is no address is none', () => {
  test.each([
    '',
    'localhost',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '0x7f.1',
    '127.1',
    '2130706433',
    '1.2.3.4 ',
    ':::',
    '1::2::3',
    '12345::',
    'g::',
    '::1.2.3',
    '1.2.3.4::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
  ])('%s', (text) => expect(parseAddress(text)).toBeUndefined())
})

describe('a range with bits below its prefix, or an odd prefix, is none', () => {
  test.each([
    '10.0.0.1/8',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/08',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '2001:db8::1/32',
    '::/129',
    'x/8',
    '192.0.2.0%2F24',
    'fe80::%eth0/10',
  ])('%s', (text) => expect(parseAddressRange(text)).toBeUndefined())
})

test('every address is in its own range and in no neighbour’s', () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.ipV6(), (four, six) => {
      expect(isAllowed(four, four)).toBe(true)
      expect(isAllowed(six, six)).toBe(true)
    }),
  )
})

test('any text is read or refused, never thrown at', () => {
  fc.assert(fc.property(fc.string({ maxLength: 80 }), (text) => void [parseAddress(text), parseAddressRange(text)]))
})

test.each([
  ['192.0.2.130', '192.0.2.0/24'],
  ['::ffff:192.0.2.130', '192.0.2.0/24'],
  ['2001:db8:1:2::3', '2001:db8:1::/48'],
  ['::1', '0:0:0::/48'],
  ['nonsense', undefined],
  [undefined, undefined],
])('the network of %s is %s', (address, network) => expect(networkOf(address)).toBe(network))

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:DB8:0:0:1::9', '2001:db8::1:0:0:9'],
  ['::', '::'],
])('%s is written as %s', (text, written) => {
  expect(formatAddress(parseAddress(text) as Address)).toBe(written)
})
