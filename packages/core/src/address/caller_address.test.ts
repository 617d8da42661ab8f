import { describe, expect, test } from 'vitest'
import { parseAddressRange } from './address.ts'
import { callerAddress } from './caller_address.ts'

const trusted = ['10.0.0.0/8', '::1/128'].flatMap((text) => parseAddressRange(text) ?? [])

describe('the caller is the peer, or the last hop that no trusted proxy is', () => {
  test.each<[peer: string | undefined, forwardedFor: string | undefined, caller: string | undefined]>([
    ['198.51.100.7', undefined, '198.51.100.7'],
    ['198.51.100.7', '192.0.2.1', '198.51.100.7'],
    ['10.0.0.1', undefined, '10.0.0.1'],
    ['10.0.0.1', ' ', '10.0.0.1'],
    ['10.0.0.1', '192.0.2.1', '192.0.2.1'],
    ['::ffff:10.0.0.1', '192.0.2.1', '192.0.2.1'],
    ['::1', '192.0.2.1', '192.0.2.1'],
    ['10.0.0.1', 'a claim, 192.0.2.1', '192.0.2.1'],
    ['10.0.0.1', '203.0.113.9, 192.0.2.1, 10.0.0.2', '192.0.2.1'],
    ['10.0.0.1', '10.0.0.3,10.0.0.2', '10.0.0.3'],
    ['10.0.0.1', '192.0.2.1:4711', '192.0.2.1'],
    ['10.0.0.1', '[2001:db8::1]:4711', '2001:db8::1'],
    ['10.0.0.1', '192.0.2.1, unknown', undefined],
    ['10.0.0.1', '192.0.2.1,', undefined],
    ['10.0.0.1', '192.0.2.999', undefined],
    [undefined, '192.0.2.1', undefined],
  ])('%s with %j is %s', (peer, forwardedFor, caller) =>
    expect(callerAddress(peer, forwardedFor, trusted)).toBe(caller),
  )
})

test('nobody is trusted where nobody is named', () => {
  expect(callerAddress('10.0.0.1', '192.0.2.1', [])).toBe('10.0.0.1')
})
