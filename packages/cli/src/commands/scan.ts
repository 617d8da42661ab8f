import { existsSync } from 'node:fs'
import { CommandError, exitCodes } from '../exit.ts'
import { collect, leaf } from '../flags.ts'
import type { Leak } from '../leak.ts'
import { note, printJson, printLine, shown } from '../output.ts'
import { scanPath, scanStream } from '../scan_files.ts'

interface Flags {
  readonly json?: true
  readonly known?: true
  readonly prefix?: readonly string[]
}

const kinds = {
  live: 'api key',
  test: 'api key',
  secret: 'client secret',
  at: 'access token',
  sess: 'session',
  code: 'authorization code',
  rt: 'refresh token',
} as const
const progressEveryMs = 200

export const scanCommand = leaf('scan')
  .description('find leaked keys in files by prefix and checksum, without asking anybody; exit 7 when there is one')
  .argument('[path...]', 'files, directories, - for standard input; default: here')
  .option('--known', 'only keys of our own prefixes: cs, or those of --prefix')
  .option('--prefix <prefix>', 'a prefix of ours (COUNTERSIGN_KEY_PREFIX of serve); implies --known', collect)
  .action(async (paths: readonly string[], { json, known, prefix }: Flags) => {
    const named = paths.length === 0 ? ['.'] : paths
    const missing = named.find((path) => path !== '-' && !existsSync(path))
    if (missing !== undefined) throw new CommandError('notFound', `${missing} does not exist`)
    const ours = known === true || prefix !== undefined ? new Set(prefix ?? ['cs']) : undefined
    const progress = showProgress()
    const found: (Omit<Leak, 'marker'> & { file: string; kind: string; environment: string | null })[] = []
    let unreadable = 0
    const report = {
      onFile: progress.next,
      onUnreadable(path: string) {
        unreadable += 1
        progress.clear()
        note(`countersign: ${path} cannot be read and was not searched`)
      },
      onLeak(file: string, { marker, ...leak }: Leak) {
        if (ours !== undefined && !ours.has(leak.prefix)) return
        const environment = marker === 'live' || marker === 'test' ? marker : null
        found.push({ file, ...leak, kind: kinds[marker], environment })
        if (json === true) return
        progress.clear()
        printLine(
          `${file}:${leak.line}:${leak.column}  ${leak.prefix}  ${environment ?? '-'}  ${leak.id}  ${kinds[marker]}`,
        )
      },
    }
    for (const path of named) {
      if (path === '-') await scanStream('-', process.stdin, report)
      else scanPath(path, report)
    }
    progress.clear()
    if (json === true) printJson({ data: found, files: progress.count(), unreadable })
    if (found.length > 0) {
      note(`${found.length} found: end each, then clean up`)
      for (const line of remedies(new Set(found.map(({ kind }) => kind)))) note(line)
      process.exitCode = exitCodes.no
    } else if (unreadable > 0) process.exitCode = exitCodes.error
  })

/** The command that ends each kind, once for all that were found. */
function remedies(found: ReadonlySet<string>): readonly string[] {
  const commands = {
    'api key': 'countersign keys revoke ID',
    'client secret': 'countersign clients secret revoke ID    (countersign clients secret add CLIENT_ID makes another)',
    'access token': 'countersign token revoke ID',
  }
  return Object.entries(commands).flatMap(([kind, command]) =>
    found.has(kind) ? [`  ${kind.padEnd(13)}  ${command}`] : [],
  )
}

/** On a terminal only: which file is being read. */
function showProgress() {
  const isShown = process.stderr.isTTY === true
  let files = 0
  let shownAt = 0
  return {
    next(path: string) {
      files += 1
      if (!isShown || Date.now() - shownAt < progressEveryMs) return
      shownAt = Date.now()
      const width = (process.stderr.columns ?? 80) - 16
      process.stderr.write(`\r\x1b[K${files} files  ${shown(path).slice(-width)}`)
    },
    clear() {
      if (isShown) process.stderr.write('\r\x1b[K')
    },
    count: () => files,
  }
}
