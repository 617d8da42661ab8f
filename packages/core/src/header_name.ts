/**
 * The names of header fields that no caller may send on to an API. Each function takes a name as `foldHeaderName` folds it.
 */

/** Whether the field ends at each hop, also where `Connection` does not name it (RFC 9110 §7.6.1). `Proxy` too (httpoxy). */
export function isHopByHopHeader(foldedName: string): boolean {
  return hopByHop.has(foldedName) || foldedName.startsWith('proxy-')
}

const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'proxy',
])

/** Whether an API could take the field for one that a gateway has written: `X-Countersign-*`. */
export function isCountersignHeader(foldedName: string): boolean {
  return foldedName.startsWith('x-countersign-') || foldedName === 'x-countersign'
}

/**
 * Whether the field could give an API another address, host, method or path than its request has: each is honoured by
 * some framework, proxy or logger.
 */
export function isDeceptiveHeader(foldedName: string): boolean {
  return deceptive.has(foldedName) || families.some((prefix) => foldedName.startsWith(prefix))
}

const families = ['x-forwarded', 'x-original-', 'x-rewrite-', 'x-ssl-client-', 'forwarded-']

const deceptive: ReadonlySet<string> = new Set([
  // The caller.
  'forwarded',
  'client-ip',
  'remote-addr',
  'true-client-ip',
  'x-true-client-ip',
  'x-real-ip',
  'x-client-ip',
  'x-clientip',
  'x-cluster-client-ip',
  'x-originating-ip',
  'x-remote-ip',
  'x-remote-addr',
  'x-remote-user',
  'remote-user',
  'x-webauth-user',
  'x-proxyuser-ip',
  'x-peer-address',
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'cf-pseudo-ipv4',
  'cf-ipcountry',
  'cf-visitor',
  'fastly-client-ip',
  'fly-client-ip',
  'cdn-src-ip',
  'do-connecting-ip',
  'akamai-client-ip',
  'incap-client-ip',
  'wl-proxy-client-ip',
  'x-appengine-user-ip',
  'x-appengine-remote-addr',
  'x-azure-clientip',
  'x-azure-socketip',
  'x-nf-client-connection-ip',
  'x-vercel-forwarded-for',
  'x-envoy-external-address',
  'x-envoy-original-path',
  'x-client-cert',
  // The host, and the protocol.
  'x-host',
  'x-http-host-override',
  'x-forwarded',
  'x-scheme',
  'x-url-scheme',
  'x-real-port',
  'base-url',
  'front-end-https',
  // The target of the request.
  'x-method',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-http-verb',
  'x-http-verb-override',
  'x-verb',
  'http-method-override',
  'method-override',
  'x-override-method',
  'x-override-url',
  'x-request-uri',
  'x-path',
  'x-request-path',
])
