/**
 * The last part of `urn:countersign:dev:<slug>`: the title of a description in lower case, of a-z, 0-9 and single `-`,
 * 63 characters at most, never empty. A title without any such character (一例) gets `api-` and a hash of itself, so that
 * two such APIs do not share an audience.
 */
export function deriveSlug(title: string): string {
  const plain = title.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase()
  const slug = plain
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 64)
    .replaceAll(/^-|-$/g, '')
    .slice(0, 63)
    .replace(/-$/, '')
  if (slug !== '') return slug
  return title.trim() === '' ? 'api' : `api-${fnv1a(title)}`
}

/** FNV-1a, 32 bits. Tells names apart; protects nothing. */
function fnv1a(text: string): string {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
