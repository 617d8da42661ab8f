/** For tests: another issuer with a key server of its own, on loopback. */
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT } from 'jose'
import { createOutbound, type Outbound, type OutboundOptions } from '../outbound/outbound_client.ts'

export interface ForeignKey {
  readonly jwk: JWK
  readonly privateKey: Parameters<SignJWT['sign']>[0]
}

export async function foreignKey(kid: string, alg = 'RS256', more: JWK = {}): Promise<ForeignKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid, use: 'sig', alg, ...more } as JWK
  return { jwk: JSON.parse(JSON.stringify(jwk)) as JWK, privateKey }
}

/** A JWT as its issuer would sign it, with whatever claims and header are given. */
export function foreignJwt(
  key: ForeignKey,
  claims: object,
  header: Partial<JWTHeaderParameters> = {},
): Promise<string> {
  const named = { alg: key.jwk.alg ?? 'RS256', typ: 'JWT', kid: key.jwk.kid, ...header }
  const protectedHeader = JSON.parse(JSON.stringify(named)) as JWTHeaderParameters
  return new SignJWT({ ...claims }).setProtectedHeader(protectedHeader).sign(key.privateKey)
}

export interface KeyServer {
  readonly uri: string
  /** The requests so far. */
  asked: number
  /** Answers each request from now on. */
  answer: (response: ServerResponse) => void
  publish(keys: readonly unknown[], headers?: Record<string, string>): void
  /** A client that may reach it. */
  outbound(more?: OutboundOptions): Outbound
  close(): void
}

export async function startKeyServer(): Promise<KeyServer> {
  const listener: RequestListener = (_, response) => {
    it.asked++
    it.answer(response)
  }
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const it: KeyServer = {
    uri: `http://keys.test:${port}/jwks`,
    asked: 0,
    answer: (response) => response.end('{"keys":[]}'),
    publish(keys, headers = {}) {
      it.answer = (response) => response.writeHead(200, headers).end(JSON.stringify({ keys }))
    },
    outbound: (more = {}) =>
      createOutbound({
        allow: new Set([`keys.test:${port}`]),
        resolve: async () => [{ address: '127.0.0.1', family: 4 }],
        ...more,
      }),
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
  return it
}
