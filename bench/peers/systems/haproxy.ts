/** HAProxy: a plain reverse proxy, or one that verifies the JWT itself (`jwt_verify`, then issuer, audience, end, scope). */
import { createPublicKey } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Fixture } from '../fixture.ts'
import type { StartedProxy } from './nginx.ts'
import { findPort, startProgram } from './program.ts'

export async function startHaproxy(options: {
  readonly fixture: Fixture
  readonly upstream: string
  readonly directory: string
  readonly verifiesJwt: boolean
}): Promise<StartedProxy> {
  const { fixture, upstream, directory, verifiesJwt } = options
  const port = await findPort()
  const keyFile = join(directory, `haproxy-${port}.pem`)
  const publicKey = createPublicKey({ key: fixture.publicJwk, format: 'jwk' })
  writeFileSync(keyFile, publicKey.export({ format: 'pem', type: 'spki' }))
  const file = join(directory, `haproxy-${port}.cfg`)
  writeFileSync(file, configuration({ port, upstream, rules: verifiesJwt ? jwtRules(fixture, keyFile) : '' }))
  const url = `http://127.0.0.1:${port}`
  return { url, ...(await startProgram('haproxy', ['-db', '-f', file], `${url}/orders`)) }
}

/** Fair: one thread as ours is one, no log, connections kept and shared on both sides. */
function configuration(options: { readonly port: number; readonly upstream: string; readonly rules: string }): string {
  return `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  option http-keep-alive
  http-reuse always
  timeout client 30s
  timeout server 30s
  timeout connect 5s
frontend in
  bind 127.0.0.1:${options.port}
${options.rules}
  default_backend orders
backend orders
  server upstream ${new URL(options.upstream).host}
`
}

function jwtRules({ url, audience, scope }: Fixture, keyFile: string): string {
  return `  http-request set-var(txn.alg) http_auth_bearer,jwt_header_query('$.alg')
  http-request set-var(txn.iss) http_auth_bearer,jwt_payload_query('$.iss')
  http-request set-var(txn.aud) http_auth_bearer,jwt_payload_query('$.aud')
  http-request set-var(txn.scope) http_auth_bearer,jwt_payload_query('$.scope')
  http-request set-var(txn.exp) http_auth_bearer,jwt_payload_query('$.exp','int')
  http-request set-var(txn.now) date()
  http-request deny deny_status 401 unless { var(txn.alg) -m str ES256 }
  http-request deny deny_status 401 unless { var(txn.iss) -m str ${url} }
  http-request deny deny_status 401 unless { var(txn.aud) -m str ${audience} }
  http-request deny deny_status 401 unless { var(txn.exp),sub(txn.now) -m int gt 0 }
  http-request deny deny_status 401 unless { http_auth_bearer,jwt_verify(txn.alg,"${keyFile}") -m int 1 }
  http-request deny deny_status 403 unless { var(txn.scope) -m str ${scope} }`
}
