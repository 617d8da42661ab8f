/** References of a whole document that lead nowhere. Those that decide about access refuse it before: ../reference.ts. */
import type { OpenApiDocument } from '../document.ts'
import { pointerTo } from '../json_object.ts'
import type { Problem } from '../problem.ts'
import { isBroken } from '../reference.ts'

/** Lists them in one line. Values that aliases share are looked at once. */
export function reportBrokenReferences(document: OpenApiDocument, problems: Problem[]): void {
  const broken = new Map<string, string>()
  visit(document.root, '', new Set(), (reference, pointer) => {
    if (!broken.has(reference) && isBroken(document, reference)) broken.set(reference, pointer)
  })
  const [first] = broken
  if (first === undefined) return
  const [reference, pointer] = first
  const message = `${broken.size} references lead to nothing in the document, such as ${JSON.stringify(reference)}.`
  problems.push({ code: 'reference_broken', pointer, message })
}

/** As deep as a document may be, which is bounded when it is read. */
function visit(
  value: unknown,
  pointer: string,
  seen: Set<object>,
  found: (reference: string, at: string) => void,
): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return
  seen.add(value)
  for (const [key, child] of Object.entries(value)) {
    if (typeof child === 'object') {
      if (!samples.has(key)) visit(child, pointerTo(pointer, key), seen, found)
    } else if (key === '$ref' && typeof child === 'string') found(child, pointer)
  }
}

/** Their values are data of the API, and may have a `$ref` of their own. */
const samples: ReadonlySet<string> = new Set(['example', 'examples', 'default', 'enum', 'const'])
