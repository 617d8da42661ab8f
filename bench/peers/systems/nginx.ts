/** nginx: a plain reverse proxy, or one that asks our forward-auth about every request (`auth_request`, nothing cached). */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Fixture } from '../fixture.ts'
import { findPort, type Program, startProgram } from './program.ts'

export interface StartedProxy extends Program {
  readonly url: string
}

export async function startNginx(options: {
  readonly fixture: Fixture
  readonly upstream: string
  /** For its configuration, which holds the verifier's key. */
  readonly directory: string
  readonly asksForwardAuth: boolean
}): Promise<StartedProxy> {
  const port = await findPort()
  const folder = join(options.directory, `nginx-${port}`)
  const file = `${folder}.conf`
  writeFileSync(file, configuration({ ...options, port, folder }), { mode: 0o600 })
  const url = `http://127.0.0.1:${port}`
  return { url, ...(await startProgram('nginx', ['-c', file, '-e', `${folder}.log`], `${url}/orders`)) }
}

/** Fair: one process as ours is one, no log, connections kept on both sides. */
function configuration(options: {
  readonly fixture: Fixture
  readonly upstream: string
  readonly asksForwardAuth: boolean
  readonly port: number
  readonly folder: string
}): string {
  const { fixture, upstream, asksForwardAuth, port, folder } = options
  return `daemon off;
master_process off;
pid ${folder}.pid;
error_log ${folder}.log crit;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path ${folder}-body;
  proxy_temp_path ${folder}-proxy;
  fastcgi_temp_path ${folder}-fastcgi;
  uwsgi_temp_path ${folder}-uwsgi;
  scgi_temp_path ${folder}-scgi;
  upstream orders { server ${new URL(upstream).host}; keepalive 64; keepalive_requests 1000000000; }
  upstream countersign { server ${new URL(fixture.url).host}; keepalive 64; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    location / {
      ${asksForwardAuth ? 'auth_request /auth;' : ''}
      proxy_pass http://orders;
    }
    ${asksForwardAuth ? authLocation(fixture) : ''}
  }
}
`
}

/** As docs/protocol/gateway.md asks: nginx names itself and describes the request. */
function authLocation({ audience, scope, verifierKey }: Fixture): string {
  const query = new URLSearchParams({ audience, scope, proxy: 'nginx' })
  return `location = /auth {
      internal;
      proxy_pass http://countersign/v1/forward-auth?${query};
      proxy_pass_request_body off;
      proxy_set_header Connection "";
      proxy_set_header Content-Length "";
      proxy_set_header X-Original-Method $request_method;
      proxy_set_header X-Original-URI $request_uri;
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Countersign-Verifier ${verifierKey};
    }`
}
