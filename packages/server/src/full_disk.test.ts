/** A small file system that is really full: credentials can be revoked there, with audit, and nothing else changes. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, inject, it } from 'vitest'

const program = fileURLToPath(new URL('full_disk_process.ts', import.meta.url))
/** Mounts in a namespace of their own, which ends with the process: as root, else as root of a user namespace. */
const unshare = process.getuid?.() === 0 ? ['-m'] : ['-Urm']
const canMount = spawnSync('unshare', [...unshare, 'sh', '-c', 'mount -t tmpfs none /mnt']).status === 0
if (!canMount) console.warn('no file system can be mounted here: the full disk is not tested')

function runOn(sizeMiB: number, ...args: readonly (string | number)[]) {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-full-'))
  try {
    const script = `mount -t tmpfs -o size=${sizeMiB}m none "$0" && exec "$@"`
    const command = [process.execPath, program, directory, ...args.map(String)]
    const ran = spawnSync('unshare', [...unshare, 'sh', '-c', script, directory, ...command], { encoding: 'utf8' })
    expect(ran.status, ran.stderr).toBe(0)
    return JSON.parse(ran.stdout) as Record<string, object>
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

describe.skipIf(!canMount)('on a full disk', () => {
  // The whole reserve and all it is for in the long form; a part of each, as large for what it holds, in the short one.
  const [reserveMiB, count] = inject('isFull') ? [64, 10_000] : [16, 500]

  it('credentials are revoked with audit, nothing else is written, and all goes on when there is room', () => {
    const seen = runOn(reserveMiB * 2 + 80, reserveMiB, count)
    expect(seen).toEqual({
      before: { readyz: '200 ready', reserve: 'whole' },
      full: { status: 507, retryAfter: '30', readyz: '200 degraded', reserve: 'given_up', verified: true },
      revoked: { 200: count },
      meanwhile: { verified: true, issued: 507, usage: 'full', audit: 'whole', metric: true },
      after: { readyz: '200 ready', issued: 201, reserve: 'whole' },
    })
  })

  it('without a reserve nobody is revoked any more, which is what it is for', () => {
    const seen = runOn(80, 0, 100)
    expect(seen).toMatchObject({ full: { status: 507 }, revoked: { 507: expect.any(Number) } })
  })
})
