import { closeSync, lstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createLeakScanner, type Leak } from './leak.ts'

/** Read at once; a file of any size takes no more memory than a few of these. */
const chunkBytes = 1_048_576
const skipped = new Set(['.git', 'node_modules'])

export interface ScanReport {
  onFile(path: string): void
  onLeak(path: string, leak: Leak): void
  /** Files that could not be read, and so were not searched: the caller must not say that all is well. */
  onUnreadable(path: string): void
}

/** Files as named, directories with everything below them but `.git` and `node_modules`; links are not followed. */
export function scanPath(path: string, report: ScanReport): void {
  const buffer = Buffer.allocUnsafe(chunkBytes)
  const waiting = [path]
  // A path that was named is meant, also when it is a link.
  let isNamed = true
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    try {
      const status = isNamed ? statSync(next) : lstatSync(next)
      if (status.isDirectory()) waiting.push(...entriesOf(next))
      else if (status.isFile()) scanFile(next, buffer, report)
    } catch {
      report.onUnreadable(next)
    }
    isNamed = false
  }
}

function entriesOf(directory: string): readonly string[] {
  const names = readdirSync(directory).filter((name) => !skipped.has(name))
  return names
    .sort()
    .reverse()
    .map((name) => join(directory, name))
}

function scanFile(path: string, buffer: Buffer, report: ScanReport): void {
  report.onFile(path)
  const scanner = createLeakScanner((leak) => report.onLeak(path, leak))
  const descriptor = openSync(path, 'r')
  try {
    for (let length = readSync(descriptor, buffer); length > 0; length = readSync(descriptor, buffer)) {
      scanner.feed(buffer.subarray(0, length))
    }
  } finally {
    closeSync(descriptor)
  }
}

export async function scanStream(
  name: string,
  stream: AsyncIterable<Buffer>,
  report: Pick<ScanReport, 'onLeak'>,
): Promise<void> {
  const scanner = createLeakScanner((leak) => report.onLeak(name, leak))
  for await (const chunk of stream) scanner.feed(chunk)
}
