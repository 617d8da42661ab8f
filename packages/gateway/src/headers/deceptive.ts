/**
 * Header fields by which a caller could give an upstream another address, host, method or path than its request has:
 * each is honoured by some framework, proxy or logger. Nothing behind a gateway may believe them, so they end here.
 * Names are folded as `foldHeaderName` does it.
 */
export function isDeceptive(foldedName: string): boolean {
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
