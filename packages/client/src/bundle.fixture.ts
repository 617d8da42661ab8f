/** An entry as an application's bundler hands it to browsers, for tests only. */
import { fileURLToPath } from 'node:url'
import { build, type Rolldown } from 'vite'

export interface Bundle {
  readonly code: string
  /** Modules that the bundle would still have to import. */
  readonly imports: readonly string[]
}

/** `entry`: a file beside this one, or the name of a package. */
export async function bundle(entry: string): Promise<Bundle> {
  const input = entry.startsWith('./')
    ? fileURLToPath(new URL(entry, import.meta.url))
    : fileURLToPath(import.meta.resolve(entry))
  const built = await build({
    configFile: false,
    root: fileURLToPath(new URL('../../..', import.meta.url)),
    logLevel: 'silent',
    build: { write: false, minify: true, target: 'es2024', lib: { entry: input, formats: ['es'], fileName: 'bundle' } },
  })
  const { output } = (Array.isArray(built) ? built[0] : built) as Rolldown.RolldownOutput
  const [chunk] = output
  return { code: chunk.code, imports: [...chunk.imports, ...chunk.dynamicImports] }
}
