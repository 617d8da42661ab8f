/** Finds the base path of the operations, the path of the first server: docs/protocol/gateway.md §1. */
import type { OpenApiDocument } from './document.ts'
import { elements, member, textMember } from './json_object.ts'
import { OpenApiError } from './openapi_error.ts'
import { parsePathTemplate } from './path_template.ts'
import type { Problem } from './problem.ts'

export type ReadServers = { readonly basePath: string; readonly servers: readonly string[] }

/**
 * Reads the servers. `override` is the operator's `--base-path`. The base path is `''`, or begins and does not end with
 * `/`.
 */
export function readServers(document: OpenApiDocument, override: string | undefined, problems: Problem[]): ReadServers {
  const servers = document.version === '2.0' ? swaggerServers(document) : urlsOf(document.root)
  if (override !== undefined) return { basePath: normalizeBasePath(override), servers }
  const [first = '', ...others] = servers
  const basePath = normalizeBasePath(pathOf(first))
  if (document.version !== '2.0' && others.some((url) => pathOf(url) !== pathOf(first))) {
    const message = `Only the first server counts: every operation is looked for below ${basePath || '/'}.`
    problems.push({ code: 'servers_ignored', pointer: '/servers', message })
  }
  return { basePath, servers }
}

/** The paths of an owner's `servers`, without a slash at the end. */
export function pathsOfServers(owner: unknown): readonly string[] {
  return urlsOf(owner).map((url) =>
    pathOf(url)
      .replace(/^(?!\/|$)/, '/')
      .replace(/\/$/, ''),
  )
}

/** Replaces server variables by their defaults (OpenAPI 3.1 §4.8.6). An unknown variable stays as it is written. */
function urlsOf(owner: unknown): readonly string[] {
  return elements(member(owner, 'servers')).flatMap((server) => {
    const variables = member(server, 'variables')
    const url = textMember(server, 'url')
    return (
      url?.replaceAll(/\{([^{}]*)\}/g, (whole, name) => textMember(member(variables, name), 'default') ?? whole) ?? []
    )
  })
}

function swaggerServers({ root }: OpenApiDocument): readonly string[] {
  const host = textMember(root, 'host')
  const path = textMember(root, 'basePath') ?? ''
  const schemes = elements(member(root, 'schemes')).filter((scheme) => typeof scheme === 'string')
  if (host === undefined) return [path]
  return (schemes.length === 0 ? ['https'] : schemes).map((scheme) => `${scheme}://${host}${path}`)
}

/** Written without `new URL`, which refuses hosts like `{tenant}.example.com:{port}`; only the path is needed. */
function pathOf(url: string): string {
  return url.replace(/^(?:[a-z][a-z0-9+.-]*:)?\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '')
}

/** Resolves dot segments as in any relative URL (RFC 3986 §5.2.4); there is no folder above the root. */
function normalizeBasePath(path: string): string {
  const url = URL.parse(`http://host/${path.replace(/^\//, '')}`)
  const basePath = url?.pathname.replace(/\/$/, '') ?? ''
  const template = parsePathTemplate(basePath, '/')
  const isPlain =
    template.segments.every((segment) => segment.kind === 'literal') && !/[?#{}]|%7[bd]/i.test(path + basePath)
  if (url !== null && isPlain && template.unreachable === undefined) return basePath
  const message = `The base path ${JSON.stringify(path)} is not a plain path: correct the first server or give --base-path.`
  throw new OpenApiError('invalid_base_path', message)
}
