/** The files of the portal: built elsewhere, compressed there, and kept here as bytes. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { KeptDocument } from '../../http/kept_document.ts'

/** The part of the portal that a page loads first. */
export interface PortalEntry {
  /** Paths below the issuer. */
  readonly script: string
  readonly styles: readonly string[]
}

export interface PortalFiles {
  /** `undefined` while nothing was built. */
  entry(): PortalEntry | undefined
  /** By its path below the issuer, `/assets/…`. */
  find(path: string): KeptDocument | undefined
}

/** In the published package the files lie beside this one, in a checkout where they are built. */
const usualFolders = ['./files/', '../../../../portal/dist/'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
)

/**
 * The first of the folders that has a manifest; default: as above. Both are looked for at each request, so that a build that ends
 * after the start is served without a new one.
 */
export function openPortalFiles(folders: readonly string[] = usualFolders): PortalFiles {
  let read: string | undefined
  let entry: PortalEntry | undefined
  let files: ReadonlyMap<string, KeptDocument> = new Map()

  function refresh(): void {
    const found = manifestIn(folders)
    const now = found === undefined ? undefined : `${found.folder} ${found.madeAt}`
    if (now === read) return
    entry = found === undefined ? undefined : entryOf(readFileSync(join(found.folder, 'manifest.json'), 'utf8'))
    files = found === undefined ? new Map() : readFiles(join(found.folder, 'assets'))
    read = now
  }

  return {
    entry() {
      refresh()
      return entry
    },
    find(path) {
      refresh()
      return files.get(path)
    },
  }
}

function manifestIn(folders: readonly string[]): { readonly folder: string; readonly madeAt: number } | undefined {
  for (const folder of folders) {
    const madeAt = statSync(join(folder, 'manifest.json'), { throwIfNoEntry: false })?.mtimeMs
    if (madeAt !== undefined) return { folder, madeAt }
  }
  return undefined
}

interface Chunk {
  readonly file: string
  readonly css?: readonly string[]
  readonly isEntry?: true
}

function entryOf(manifest: string): PortalEntry {
  const chunks = Object.values(JSON.parse(manifest) as Readonly<Record<string, Chunk>>)
  const first = chunks.find(({ isEntry }) => isEntry === true)
  if (first === undefined) throw new Error('the manifest of the portal names no entry')
  return { script: `/${first.file}`, styles: (first.css ?? []).map((path) => `/${path}`) }
}

const types: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  woff2: 'font/woff2',
}

function readFiles(folder: string): ReadonlyMap<string, KeptDocument> {
  const names = new Set(readdirSync(folder))
  return new Map(
    [...names].flatMap((name) => {
      const type = types[name.slice(name.lastIndexOf('.') + 1)]
      return type === undefined ? [] : [[`/assets/${name}`, readFile(folder, name, type, names)] as const]
    }),
  )
}

/** The name changes with the bytes, so a browser never asks twice. */
function readFile(folder: string, name: string, type: string, names: ReadonlySet<string>): KeptDocument {
  const bytes = readFileSync(join(folder, name))
  const etag = createHash('sha256').update(bytes).digest('base64url').slice(0, 22)
  const codings = (
    [
      ['br', `${name}.br`],
      ['gzip', `${name}.gz`],
    ] as const
  ).filter(([, file]) => names.has(file))
  const compressed = codings.map(
    ([coding, file]) => [coding, { bytes: readFileSync(join(folder, file)), etag: `"${etag}-${coding}"` }] as const,
  )
  const headers = {
    'Content-Type': type,
    'Cache-Control': 'public, max-age=31536000, immutable',
    'X-Content-Type-Options': 'nosniff',
    Vary: 'Accept-Encoding',
  }
  return { headers, identity: { bytes, etag: `"${etag}"` }, compressed: new Map(compressed), isCompressed: true }
}
