import { createServer, type RequestListener, type Server, setGlobalProxyFromEnv } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, describe, expect, it } from 'vitest'
import { serverLimits } from '../limits.ts'
import { parseAllowedHosts } from './allowed_hosts.ts'
import { createOutbound, type OutboundOptions } from './outbound_client.ts'
import type { ResolvedAddress } from './pinned.ts'
import { isPublicAddress } from './public_address.ts'

const servers: Server[] = []
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})

/** A scripted server on 127.0.0.1. `asked` counts its requests. */
async function outside(answer: RequestListener, make = (listener: RequestListener) => createServer(listener)) {
  const seen = { asked: 0, connections: 0 }
  const server = make((request, response) => {
    seen.asked++
    answer(request, response)
  })
  server.on('connection', () => seen.connections++)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { seen, port: (server.address() as AddressInfo).port }
}

const loopback: readonly ResolvedAddress[] = [{ address: '127.0.0.1', family: 4 }]

/** A client that may reach `keys.test` at this port, a name that no resolver but this one knows. */
function clientFor(port: number, more: OutboundOptions = {}) {
  const allow = parseAllowedHosts(`keys.test:${port}`) as ReadonlySet<string>
  return createOutbound({ allow, resolve: async () => loopback, ...more })
}

describe('an answer', () => {
  it('comes from a host that is allowed, over http too, with its status, headers and body', async () => {
    const { port } = await outside((request, response) => {
      response.setHeader('Cache-Control', 'max-age=60')
      response.writeHead(404).end(JSON.stringify(request.headers))
    })
    const answer = await clientFor(port).get(`http://keys.test:${port}/jwks?a=b`)
    expect(answer).toMatchObject({ status: 404, headers: { 'cache-control': 'max-age=60' } })
    const sent = JSON.parse(Buffer.from(answer.body).toString())
    expect(sent).toMatchObject({ host: `keys.test:${port}`, accept: 'application/json', 'user-agent': 'countersign' })
    expect(Object.keys(sent).filter((name) => /auth|cookie/.test(name))).toEqual([])
  })

  it('comes over TLS only from a certificate of the system’s authorities or of the one that was named', async () => {
    const { port } = await outside(
      (_, response) => response.end('ok'),
      (listener) => createTlsServer({ cert, key }, listener),
    )
    const allow = parseAllowedHosts(`127.0.0.1:${port}`) as ReadonlySet<string>
    const url = `https://127.0.0.1:${port}/`
    await expect(createOutbound({ allow }).get(url)).rejects.toMatchObject({ fault: 'unreachable' })
    expect((await createOutbound({ allow, ca: cert }).get(url)).status).toBe(200)
  })

  it('comes to a call by the same rule, and what fails in TLS is told apart', async () => {
    const { port } = await outside(
      (_, response) => response.end('ok'),
      (listener) => createTlsServer({ cert, key }, listener),
    )
    const callHosts = parseAllowedHosts(`127.0.0.1:${port}`) as ReadonlySet<string>
    const call = {
      url: new URL(`https://127.0.0.1:${port}`),
      method: 'GET',
      target: '/',
      headers: [],
      holder: {},
      signal: new AbortController().signal,
    }
    await expect(createOutbound({ callHosts }).send(call)).rejects.toMatchObject({ fault: 'tls' })
    expect((await createOutbound({ callHosts, ca: cert }).send(call)).status).toBe(200)
  })

  it('comes without a proxy, whatever the environment names', async () => {
    const proxy = await outside((_, response) => response.end('proxy'))
    const { port } = await outside((_, response) => response.end('itself'))
    // As `NODE_USE_ENV_PROXY=1` does at the start of a process.
    const restore = setGlobalProxyFromEnv({ http_proxy: `http://127.0.0.1:${proxy.port}` })
    const answer = await clientFor(port).get(`http://keys.test:${port}/`)
    restore()
    expect({ body: Buffer.from(answer.body).toString(), proxied: proxy.seen.asked }).toEqual({
      body: 'itself',
      proxied: 0,
    })
  })
})

describe('CVE-2026-1180: nothing is fetched from inside', () => {
  const hostile = [
    'http://keys.example/',
    'ftp://keys.example/',
    'file:///etc/passwd',
    'data:application/json,{}',
    'gopher://127.0.0.1/',
    'https://user@keys.example/',
    'https://:pass@keys.example/',
    'https://keys.example/#x',
    'https://',
    'keys.example',
    '',
  ]
  it.each(hostile)('a URL that is not plain https is refused before its name is looked up: %s', async (url) => {
    let lookUps = 0
    const client = createOutbound({
      resolve: async () => {
        lookUps++
        return loopback
      },
    })
    await expect(client.get(url)).rejects.toMatchObject({ fault: 'invalid_url' })
    expect(lookUps).toBe(0)
  })

  const literals = [
    ...['127.0.0.1', '127.1', '127.0.1', '0177.0.0.1', '0x7f.0.0.1', '0x7f000001', '2130706433', '017700000001'],
    ...['0', '0.0.0.0', '10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1', '192.168.255.255'],
    ...['169.254.169.254', '0xa9fea9fe', '2852039166', '169.254.0.1', '100.64.0.1', '100.127.255.255', '192.0.0.1'],
    ...['192.0.2.1', '198.18.0.1', '198.19.255.255', '198.51.100.1', '203.0.113.1', '192.88.99.1', '192.31.196.1'],
    ...['224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255', '①②⑦.⓪.⓪.①', '127。0。0。1'],
    ...[
      '[::1]',
      '[::]',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '[::ffff:8.8.8.8]',
      '[::127.0.0.1]',
      '[::ffff:0:127.0.0.1]',
    ],
    ...['[64:ff9b::7f00:1]', '[64:ff9b::8.8.8.8]', '[64:ff9b:1::1]', '[2002:7f00:1::]', '[2002:808:808::1]'],
    ...['[2001::1]', '[2001:0:7f00:1::]', '[2001:10::1]', '[2001:20::1]', '[2001:2::1]', '[2001:db8::1]', '[3fff::1]'],
    ...['[fc00::1]', '[fd00:ec2::254]', '[fdff::1]', '[fe80::1]', '[febf::1]', '[fec0::1]', '[ff02::1]', '[ff0e::1]'],
    ...['[100::1]', '[4000::1]', '[5f00::1]', '[2620:4f:8000::1]'],
  ]
  it.each(literals)('an address that is not public is refused however it is written: %s', async (host) => {
    await expect(createOutbound().get(`https://${host}/`)).rejects.toMatchObject({ fault: 'not_public' })
  })

  const resolved = [
    ...['127.0.0.1', '127.255.255.254', '10.1.2.3', '172.20.0.1', '192.168.1.1', '169.254.169.254', '100.100.100.200'],
    ...['0.0.0.0', '255.255.255.255', '224.0.0.251', '::1', '::', '::ffff:10.0.0.1', '::ffff:a00:1', 'fe80::1%eth0'],
    ...['fd00::1', '64:ff9b::a00:1', '2002:a00:1::1', '2001:0:1::1', 'nonsense', ''],
  ]
  it.each(resolved)('a name that leads to such an address is refused: %s', async (address) => {
    for (const beside of [[], [{ address: '8.8.8.8', family: 4 }]]) {
      const resolve = async () => [...beside, { address, family: 4 }]
      await expect(createOutbound({ resolve }).get('https://keys.example/')).rejects.toMatchObject({
        fault: 'not_public',
      })
    }
  })

  it('a name that leads nowhere is unreachable', async () => {
    const nowhere = createOutbound({ resolve: async () => [] })
    await expect(nowhere.get('https://keys.example/')).rejects.toMatchObject({ fault: 'unreachable' })
  })

  it('public addresses are public', () => {
    const open = ['8.8.8.8', '1.1.1.1', '140.82.112.3', '172.15.255.255', '172.32.0.1', '192.169.0.1', '100.128.0.1']
    const openV6 = ['2606:4700::1111', '2a00:1450:4001::200e', '2400:cb00::1', '2001:4860:4860::8888']
    for (const address of [...open, ...openV6]) expect(isPublicAddress(address), address).toBe(true)
  })

  it('a name is looked up once, and the connection goes to that address whatever the name leads to by then', async () => {
    const { seen, port } = await outside((_, response) => response.end('{}'))
    const answers = [loopback, [{ address: '10.0.0.1', family: 4 }]]
    let lookUps = 0
    const client = clientFor(port, { resolve: async () => answers[lookUps++] as readonly ResolvedAddress[] })
    expect((await client.get(`http://keys.test:${port}/`)).status).toBe(200)
    expect({ lookUps, asked: seen.asked }).toEqual({ lookUps: 1, asked: 1 })
  })

  it('a host is allowed at the port that was named, and nowhere else', async () => {
    const { seen, port } = await outside((_, response) => response.end('{}'))
    const client = createOutbound({ allow: new Set(['keys.test:1']), resolve: async () => loopback })
    await expect(client.get(`https://keys.test:${port}/`)).rejects.toMatchObject({ fault: 'not_public' })
    await expect(client.get(`http://keys.test:${port}/`)).rejects.toMatchObject({ fault: 'invalid_url' })
    await expect(client.get('http://sub.keys.test:1/')).rejects.toMatchObject({ fault: 'invalid_url' })
    expect(seen.connections).toBe(0)
  })
})

describe('a host that is slow, huge, redirecting or down', () => {
  it('a redirect is not followed', async () => {
    const { seen, port } = await outside((_, response) => {
      response.writeHead(302, { Location: `http://keys.test:${port}/other` }).end()
    })
    await expect(clientFor(port).get(`http://keys.test:${port}/`)).rejects.toMatchObject({ fault: 'redirect' })
    expect(seen.asked).toBe(1)
  })

  it.each([true, false])('a body above 64 KB is refused, with its length said: %s', async (isSaid) => {
    const body = Buffer.alloc(serverLimits.outboundBodyBytesMax + 1, 0x20)
    const { port } = await outside((_, response) => {
      if (isSaid) response.setHeader('Content-Length', body.length)
      response.write(body.subarray(0, 10))
      response.end(body.subarray(10))
    })
    await expect(clientFor(port).get(`http://keys.test:${port}/`)).rejects.toMatchObject({ fault: 'too_large' })
  })

  it('a body of 64 KB is taken', async () => {
    const { port } = await outside((_, response) => response.end(Buffer.alloc(serverLimits.outboundBodyBytesMax)))
    const { body } = await clientFor(port).get(`http://keys.test:${port}/`)
    expect(body.length).toBe(serverLimits.outboundBodyBytesMax)
  })

  it('a compressed body is refused: its size would be known too late', async () => {
    const { port } = await outside((_, response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end('x'))
    await expect(clientFor(port).get(`http://keys.test:${port}/`)).rejects.toMatchObject({ fault: 'encoded' })
  })

  it('an answer that is cut off is none', async () => {
    const { port } = await outside((_, response) => {
      response.writeHead(200, { 'Content-Length': 100 })
      response.write('half')
      setImmediate(() => response.destroy())
    })
    await expect(clientFor(port).get(`http://keys.test:${port}/`)).rejects.toMatchObject({ fault: 'unreachable' })
  })

  it('a host that refuses the connection is unreachable', async () => {
    const { port } = await outside(() => {})
    servers.pop()?.close()
    await expect(clientFor(port).get(`http://keys.test:${port}/`)).rejects.toMatchObject({ fault: 'unreachable' })
  })

  it('one deadline of 3 s holds from the look-up to the last byte', async () => {
    const asked: number[] = []
    const { promise: hasAsked, resolve: tell } = Promise.withResolvers<void>()
    const { port } = await outside((_, response) => {
      response.write('a byte')
      tell()
    })
    const time = new AbortController()
    const deadline = (milliseconds: number) => {
      asked.push(milliseconds)
      return time.signal
    }
    const slow = clientFor(port, { deadline }).get(`http://keys.test:${port}/`)
    await hasAsked
    time.abort()
    await expect(slow).rejects.toMatchObject({ fault: 'timeout' })
    const stuck = createOutbound({ deadline, resolve: () => new Promise(() => {}) }).get('https://keys.example/')
    await expect(stuck).rejects.toMatchObject({ fault: 'timeout' })
    expect(asked).toEqual([3_000, 3_000])
  })

  it('two fetches at once from one host and three in all, and a look-up that hangs counts until it ends', async () => {
    const { promise: held, resolve: free } = Promise.withResolvers<readonly ResolvedAddress[]>()
    const time = new AbortController()
    const client = createOutbound({ resolve: () => held, deadline: () => time.signal })
    const ask = (host: string) => client.get(`https://${host}/`).catch(({ fault }) => fault)
    const [first, second] = [ask('a.example'), ask('a.example')]
    expect(await ask('a.example')).toBe('busy')
    const third = ask('b.example')
    expect(await ask('c.example')).toBe('busy')
    time.abort()
    expect(await Promise.all([first, second, third])).toEqual(['timeout', 'timeout', 'timeout'])
    expect(await ask('c.example')).toBe('busy')
    free([])
    await new Promise(setImmediate)
    expect(await ask('c.example')).not.toBe('busy')
  })

  it('the error names no URL, which may hold a secret', async () => {
    const error = await createOutbound()
      .get('https://10.0.0.1/?key=s3cret')
      .catch((thrown: unknown) => thrown)
    expect(`${error} ${JSON.stringify(error)}`).not.toContain('s3cret')
  })
})

describe('the list of hosts that are allowed', () => {
  it('has a host and a port each, as URLs write them', () => {
    expect(parseAllowedHosts(' Keycloak.Internal:8443 , [FD00::0001]:443,127.0.0.1:80 ')).toEqual(
      new Set(['keycloak.internal:8443', '[fd00::1]:443', '127.0.0.1:80']),
    )
    expect(parseAllowedHosts('')).toEqual(new Set())
  })

  it.each(['a', 'a:', ':1', 'a:0', 'a:65536', 'https://a:1', '*:443', '*.a:443', 'a:1/x', 'u@a:1', '[::1', 'a b:1'])(
    'is refused as a whole for %s',
    (item) => {
      expect(parseAllowedHosts(`good.example:443,${item}`)).toBeUndefined()
    },
  )
})

/** A certificate for 127.0.0.1 that is its own authority, and its key: made for this test, and used nowhere else. */
const cert = `-----BEGIN CERTIFICATE-----
MIIBmDCCAT6gAwIBAgIUWwnu+BzdLCIg96g1nrRtJRkQok8wCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNb3V0Ym91bmQudGVzdDAgFw0yNjExMzAwNzUxMzBaGA8yMTI2
MTEwNjA3NTEzMFowGDEWMBQGA1UEAwwNb3V0Ym91bmQudGVzdDBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABIyJ6hfvb/qjPAZvmr/j4YjVIt9MuO6DntAY5wDAHap0
1XzDa3tN7F54KF1YWUzQcL6WDywF5nPkZxquWPwTP4qjZDBiMB0GA1UdDgQWBBT6
7OAwWMGQihR6E38M5WvHSu3nCzAfBgNVHSMEGDAWgBT67OAwWMGQihR6E38M5WvH
Su3nCzAPBgNVHRMBAf8EBTADAQH/MA8GA1UdEQQIMAaHBH8AAAEwCgYIKoZIzj0E
AwIDSAAwRQIgAlQ9ds5qNKa6xB7yAFgDVRXORKIMTAASRQUQA/r1xVwCIQDa5Xab
i2M9YIAyvtVYvMOBwkADNZiBLYjzCcdNnpLnLQ==
-----END CERTIFICATE-----`
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgwHw/HmSabZDyWo2+
hpXCkcesmiI0zoiN35Hp6B5qmM+hRANCAASMieoX72/6ozwGb5q/4+GI1SLfTLju
g57QGOcAwB2qdNV8w2t7TexeeChdWFlM0HC+lg8sBeZz5Gcarlj8Ez+K
-----END PRIVATE KEY-----`
