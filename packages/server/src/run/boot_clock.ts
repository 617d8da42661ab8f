import { readFileSync } from 'node:fs'
import type { BootClock } from '@countersign/store'

/**
 * Linux's clock since boot, suspend included (CLOCK_BOOTTIME), with the id of the boot. `undefined` elsewhere. It is read
 * from the kernel's files: nobody sets it, and a restarted process goes on counting where the last one stopped.
 */
export function readBootClock(): BootClock | undefined {
  try {
    const id = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const seconds = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0])
    return id === '' || !Number.isFinite(seconds) ? undefined : { id, ms: Math.floor(seconds * 1000) }
  } catch {
    return undefined
  }
}
