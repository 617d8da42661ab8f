/** Traefik and Envoy are not run here: their files are read, and every name in them is one that their documentation has. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseYaml } from '../../packages/openapi/src/yaml.ts'

/** A list is written as one item, a map of any names as `*`, a value as null. */
type Shape = null | readonly [Shape] | { readonly [name: string]: Shape }

function read(name: string): unknown {
  return parseYaml(readFileSync(new URL(`./${name}`, import.meta.url), 'utf8'))
}

/** Where the value has what the shape has not. */
function strangers(value: unknown, shape: Shape, at = ''): readonly string[] {
  if (Array.isArray(value)) {
    return isList(shape) ? value.flatMap((item) => strangers(item, shape[0], `${at}[]`)) : [`${at} is a list`]
  }
  if (typeof value !== 'object' || value === null) return shape === null ? [] : [`${at} is ${String(value)}`]
  if (shape === null || isList(shape)) return [`${at} is a map`]
  return Object.entries(value).flatMap(([name, member]) => {
    const known = Object.hasOwn(shape, name) ? shape[name] : shape['*']
    return known === undefined ? [`${at}.${name}`] : strangers(member, known, `${at}.${name}`)
  })
}

function isList(shape: Shape): shape is readonly [Shape] {
  return Array.isArray(shape)
}

/** Every value that stands under this name, at any depth. */
function valuesUnder(value: unknown, name: string): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) => [
    ...(key === name ? [member] : []),
    ...valuesUnder(member, name),
  ])
}

// doc.traefik.io: static configuration, entry points and file provider.
const traefikStatic: Shape = {
  entryPoints: {
    '*': {
      address: null,
      forwardedHeaders: { insecure: null, trustedIPs: [null] },
      transport: { respondingTimeouts: { readTimeout: null, writeTimeout: null, idleTimeout: null } },
    },
  },
  providers: { file: { filename: null, directory: null, watch: null } },
}

// doc.traefik.io: routers, the middlewares Headers and ForwardAuth, services.
const traefikDynamic: Shape = {
  http: {
    routers: { '*': { entryPoints: [null], rule: null, middlewares: [null], service: null } },
    middlewares: {
      '*': {
        headers: { customRequestHeaders: { '*': null } },
        forwardAuth: {
          address: null,
          trustForwardHeader: null,
          authRequestHeaders: [null],
          authResponseHeadersRegex: null,
        },
      },
    },
    services: {
      '*': { loadBalancer: { servers: [{ url: null }], responseForwarding: { flushInterval: null } } },
    },
  },
}

const socketAddress: Shape = { socket_address: { address: null, port_value: null } }
const matchers: Shape = { patterns: [{ exact: null, prefix: null, ignore_case: null }] }

// envoyproxy.io, v3 API: Bootstrap, HttpConnectionManager, Lua, ExtAuthz, Router, Cluster; one shape for all four filters.
const envoyFilter: Shape = {
  '@type': null,
  default_source_code: { inline_string: null },
  transport_api_version: null,
  failure_mode_allow: null,
  status_on_error: { code: null },
  allowed_headers: matchers,
  http_service: {
    server_uri: { uri: null, cluster: null, timeout: null },
    path_prefix: null,
    authorization_request: { headers_to_add: [{ key: null, value: null }] },
    authorization_response: { allowed_upstream_headers: matchers },
  },
}
const envoyConnections: Shape = {
  '@type': null,
  stat_prefix: null,
  use_remote_address: null,
  normalize_path: null,
  merge_slashes: null,
  path_with_escaped_slashes_action: null,
  common_http_protocol_options: { headers_with_underscores_action: null },
  stream_idle_timeout: null,
  upgrade_configs: [{ upgrade_type: null }],
  route_config: {
    name: null,
    virtual_hosts: [
      {
        name: null,
        domains: [null],
        request_headers_to_remove: [null],
        routes: [{ match: { prefix: null }, route: { cluster: null, timeout: null } }],
      },
    ],
  },
  http_filters: [{ name: null, typed_config: envoyFilter }],
}
const envoy: Shape = {
  static_resources: {
    listeners: [
      {
        name: null,
        address: socketAddress,
        filter_chains: [{ filters: [{ name: null, typed_config: envoyConnections }] }],
      },
    ],
    clusters: [
      {
        name: null,
        type: null,
        connect_timeout: null,
        load_assignment: {
          cluster_name: null,
          endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress } }] }],
        },
      },
    ],
  },
}

test.each([
  ['traefik.yaml', traefikStatic],
  ['traefik_dynamic.yaml', traefikDynamic],
  ['envoy.yaml', envoy],
])('%s has no name that its documentation has not', (name, shape) => {
  expect(strangers(read(name), shape)).toEqual([])
  expect(strangers({ invented: 1 }, shape)).toEqual(['.invented'])
})

test('traefik names itself, asks, and takes the credential off, in this order, and believes no caller', () => {
  const file = read('traefik_dynamic.yaml')
  const [order] = valuesUnder(file, 'middlewares').filter(Array.isArray)
  expect(order).toEqual(['name-the-proxy', 'countersign', 'without-credential'])
  expect(Object.keys(Object(valuesUnder(file, 'middlewares').find((value) => !Array.isArray(value))))).toEqual(order)
  expect(valuesUnder(file, 'X-Countersign-Verifier')).toEqual(['{{ env "COUNTERSIGN_VERIFIER_KEY" }}'])
  expect(valuesUnder(file, 'trustForwardHeader')).toEqual([false])
  expect(valuesUnder(file, 'authResponseHeadersRegex')).toEqual(['(?i)countersign'])
  expect([...valuesUnder(file, 'Authorization'), ...valuesUnder(file, 'X-Api-Key')]).toEqual(['', ''])
  expect(valuesUnder(read('traefik.yaml'), 'insecure')).toEqual([false])
})

test('envoy takes forged identity off before it asks, is no open door, and has the parameters before the caller’s target', () => {
  const file = read('envoy.yaml')
  const names = valuesUnder(file, 'http_filters')
    .flat()
    .map((filter) => String(Object(filter).name))
  expect(names.map((each) => each.split('.').at(-1))).toEqual(['lua', 'ext_authz', 'router'])
  expect(valuesUnder(file, 'failure_mode_allow')).toEqual([false])
  expect(valuesUnder(file, 'status_on_error')).toEqual([{ code: 'ServiceUnavailable' }])
  expect(valuesUnder(file, 'path_prefix')).toEqual([
    expect.stringMatching(/^\/v1\/forward-auth\?proxy=envoy&audience=[^&]+&uri=$/),
  ])
  expect(valuesUnder(file, 'request_headers_to_remove')).toEqual([['authorization', 'x-api-key']])
  expect(valuesUnder(file, 'use_remote_address')).toEqual([true])
  const clusters = valuesUnder(file, 'clusters')
    .flat()
    .map((cluster) => String(Object(cluster).name))
  for (const used of valuesUnder(file, 'cluster')) expect(clusters).toContain(used)
})

test.each(['nginx.conf', 'haproxy.cfg', 'countersign.lua', 'Caddyfile', 'traefik_dynamic.yaml', 'envoy.yaml'])(
  '%s has no key in a URL',
  (name) => {
    const text = readFileSync(new URL(`./${name}`, import.meta.url), 'utf8')
    const questions = text.match(/forward-auth\?\S*/g) ?? []
    for (const question of questions) expect(question).not.toMatch(/verifier|key|cs_live/i)
  },
)
