export interface Located {
  readonly slug: string
  readonly path: string
}

/**
 * The tenant's slug and the path below its issuer: `/t/acme/oauth/token`, and RFC 8414 §3.1's other spelling,
 * `/.well-known/oauth-authorization-server/t/acme`.
 */
export function locate(path: string, basePath: string): Located {
  const below = basePath !== '' && path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : path
  const wellKnown = /^(\/\.well-known\/(?:oauth-authorization-server|openid-configuration))(\/.*)$/.exec(below)
  const rest = wellKnown === null ? below : `${wellKnown[2]}${wellKnown[1]}`
  const withBase =
    wellKnown !== null && basePath !== '' && rest.startsWith(basePath) ? rest.slice(basePath.length) : rest
  const tenant = /^\/t\/([a-z0-9-]{1,63})(\/.*)$/.exec(withBase)
  return tenant === null ? { slug: '', path: withBase } : { slug: tenant[1] as string, path: tenant[2] as string }
}
