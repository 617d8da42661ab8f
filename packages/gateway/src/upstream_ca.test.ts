import { createServer } from 'node:https'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listen, openWorld } from './gateway.fixture.ts'

/** A certificate for 127.0.0.1 that is its own authority, and its key: made for this test, and used nowhere else. */
const cert = `-----BEGIN CERTIFICATE-----
MIIBmDCCAT6gAwIBAgIUcJnYbp/hGec8mLIJCmnZxb/TLmswCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNdXBzdHJlYW0udGVzdDAgFw0yNjExMzAwMTU5MjVaGA8yMTI2
MTEwNjAxNTkyNVowGDEWMBQGA1UEAwwNdXBzdHJlYW0udGVzdDBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABNAqStfLsNGUQt8lL8siekWHeKufWLPA3yI2INe+WPtT
WTnG755MIVFyL0zRivz/NhbPiakV1rB3BAwax3D7ifSjZDBiMB0GA1UdDgQWBBQl
SShhsrVTNr/5ls4Cg2U/qtsLhDAfBgNVHSMEGDAWgBQlSShhsrVTNr/5ls4Cg2U/
qtsLhDAPBgNVHRMBAf8EBTADAQH/MA8GA1UdEQQIMAaHBH8AAAEwCgYIKoZIzj0E
AwIDSAAwRQIhAKP0LYcR21wBBzXHmWDu968a0CfhjtBQy4UVGlOuxNrmAiB11hTL
n6C/mIb2Liz9/iYfKemBOP61jHBokvvJOEKHww==
-----END CERTIFICATE-----`
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAo26h3BJhNDjtv34
bOVmP1RKvaJ0o99yVaxEEGbw+mehRANCAATQKkrXy7DRlELfJS/LInpFh3irn1iz
wN8iNiDXvlj7U1k5xu+eTCFRci9M0Yr8/zYWz4mpFdawdwQMGsdw+4n0
-----END PRIVATE KEY-----`

const upstream = createServer({ cert, key }, (_, response) => response.end('ok'))
let url: URL
beforeAll(async () => {
  url = new URL(`https://127.0.0.1:${await listen(upstream)}`)
})
afterAll(() => {
  upstream.closeAllConnections()
  upstream.close()
})

test('a certificate of an authority that the operator names is believed, and no other', async () => {
  const statuses: number[] = []
  const causes: (string | undefined)[] = []
  for (const more of [{}, { upstreamCa: cert }]) {
    const world = await openWorld({ upstream: url, ...more })
    statuses.push((await world.call('GET', '/health')).status)
    causes.push(world.events.at(-1)?.why)
    await world.close()
  }
  expect(statuses).toEqual([502, 200])
  expect(causes[0]).toBe(
    'the upstream gave no answer: its certificate is of no authority that is known here (DEPTH_ZERO_SELF_SIGNED_CERT)',
  )
})
