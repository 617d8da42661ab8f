/** `$ref` within one document: JSON pointers (RFC 6901) in URI fragments. Nothing is ever fetched. */
import type { OpenApiDocument } from './document.ts'
import { member, pointerTo } from './json_object.ts'
import { limits } from './limits.ts'
import { OpenApiError } from './openapi_error.ts'

/** A value of the document, and the pointer to it. */
export type Located = { readonly value: unknown; readonly pointer: string }

/**
 * The value itself and, if it is a reference, each value it leads to, the last of which is not a reference. Throws
 * `OpenApiError` for a reference to another document, to nothing, or in a circle: a guess could open a route.
 */
export function followReferences(document: OpenApiDocument, start: Located): readonly Located[] {
  const chain = [start]
  const seen = new Set([start.pointer])
  for (let { value, pointer } = start; ; { value, pointer } = chain.at(-1) ?? start) {
    const reference = member(value, '$ref')
    if (reference === undefined) return chain
    const target = resolve(document, reference, pointer)
    if (seen.has(target.pointer) || chain.length > limits.referenceStepsMax) {
      throw new OpenApiError('reference_cycle', `The reference ${String(reference)} leads back to itself.`, pointer)
    }
    seen.add(target.pointer)
    chain.push(target)
  }
}

/** Whether a reference is one into this document and has no target. */
export function isBroken(document: OpenApiDocument, reference: string): boolean {
  const fragment = localFragment(document, reference)
  // An anchor (`#name`, OpenAPI 3.1) is no pointer.
  if (fragment === undefined || (fragment !== '' && !fragment.startsWith('/'))) return false
  return locate(document.root, fragment) === undefined
}

function resolve(document: OpenApiDocument, reference: unknown, from: string): Located {
  const fragment = typeof reference === 'string' ? localFragment(document, reference) : undefined
  if (fragment === undefined) {
    const message = `The reference ${JSON.stringify(reference)} leaves the document: bundle the files into one first.`
    throw new OpenApiError('reference_not_local', message, from)
  }
  const located = locate(document.root, fragment)
  if (located === undefined) {
    throw new OpenApiError('reference_unresolved', `The reference ${String(reference)} has no target.`, from)
  }
  return located
}

/** `$self` names the document (OpenAPI 3.2 §4.1.2), so a reference to that URI stays inside. */
function localFragment(document: OpenApiDocument, reference: string): string | undefined {
  const hash = reference.indexOf('#')
  const base = hash === -1 ? reference : reference.slice(0, hash)
  const isLocal = base === '' || (document.version === '3.2' && base === member(document.root, '$self'))
  return isLocal ? reference.slice(hash === -1 ? reference.length : hash + 1) : undefined
}

function locate(root: unknown, fragment: string): Located | undefined {
  const decoded = decodeFragment(fragment)
  if (decoded === undefined || (decoded !== '' && !decoded.startsWith('/'))) return undefined
  let located: Located = { value: root, pointer: '' }
  for (const step of decoded.split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~')
    const value = childOf(located.value, key)
    if (value === undefined) return undefined
    located = { value, pointer: pointerTo(located.pointer, key) }
  }
  return located
}

function childOf(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return /^(?:0|[1-9]\d*)$/.test(key) ? value[Number(key)] : undefined
  return member(value, key)
}

function decodeFragment(fragment: string): string | undefined {
  try {
    return decodeURIComponent(fragment)
  } catch {
    return undefined
  }
}
