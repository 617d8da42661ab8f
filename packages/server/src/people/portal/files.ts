/** The files of the portal: built elsewhere, compressed there, and kept here as bytes. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
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
const folders = ['./files/', '../../../../portal/dist/'].map((path) => fileURLToPath(new URL(path, import.meta.url)))

/** `folder`: default as above. Read again when its manifest has changed, so that a build needs no new start. */
export function openPortalFiles(folder: string = folders.find(existsSync) ?? (folders[0] as string)): PortalFiles {
  const manifestFile = join(folder, 'manifest.json')
  let readAt: number | undefined
  let entry: PortalEntry | undefined
  let files: ReadonlyMap<string, KeptDocument> = new Map()

  function refresh(): void {
    const madeAt = statSync(manifestFile, { throwIfNoEntry: false })?.mtimeMs
    if (madeAt === readAt) return
    readAt = madeAt
    entry = madeAt === undefined ? undefined : entryOf(readFileSync(manifestFile, 'utf8'))
    files = madeAt === undefined ? new Map() : readFiles(join(folder, 'assets'))
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
