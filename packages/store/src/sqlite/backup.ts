import { chmodSync, closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { backup } from 'node:sqlite'
import { DatabaseOpenError } from '../errors.ts'
import { openReader } from './file.ts'

/** Pages between two reports: 2 MiB. */
const pagesPerStep = 512

/**
 * Makes a consistent copy, which gets its name only when it is whole and synced. A reading transaction is held
 * meanwhile: without it, each commit of another connection would start the copy over.
 */
export async function backupFile(
  source: string,
  file: string,
  onProgress?: (pagesDone: number, pagesTotal: number) => void,
): Promise<void> {
  if (existsSync(file)) throw new DatabaseOpenError('exists', `${file} exists already; a backup replaces no file`)
  if (!existsSync(dirname(resolve(file)))) {
    throw new DatabaseOpenError('missing_directory', `the directory of ${file} does not exist`)
  }
  const partial = `${file}.partial`
  rmSync(partial, { force: true })
  const connection = openReader(source)
  try {
    closeSync(openSync(partial, 'wx', 0o600))
    connection.exec('begin; select 1 from installation')
    const pagesTotal = await backup(connection, partial, {
      rate: pagesPerStep,
      progress: ({ totalPages, remainingPages }) => onProgress?.(totalPages - remainingPages, totalPages),
    })
    onProgress?.(pagesTotal, pagesTotal)
    chmodSync(partial, 0o600)
    sync(partial)
    renameSync(partial, file)
    sync(dirname(resolve(file)))
  } finally {
    connection.close()
    rmSync(partial, { force: true })
  }
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
