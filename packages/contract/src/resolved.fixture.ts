/** A document with what it refers to in the place of each reference; words beside a reference win. For tests. */
export function resolved(document: object, node: unknown = document): unknown {
  if (typeof node !== 'object' || node === null) return node
  if (Array.isArray(node)) return node.map((item) => resolved(document, item))
  const { $ref, ...own } = node as { readonly $ref?: string }
  const members = Object.entries(own).map(([name, member]) => [name, resolved(document, member)])
  if ($ref === undefined) return Object.fromEntries(members)
  const parts = $ref.slice(2).split('/')
  const target = parts.reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], document)
  return { ...(resolved(document, target) as object), ...Object.fromEntries(members) }
}
