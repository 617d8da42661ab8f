/**
 * A file beside a SQLite database that says how far its log had come: when the database is replaced by an older copy of
 * itself, or loses what its write-ahead log held, the file still knows (docs/protocol/feed.md §7.2). After each commit
 * one of two slots is written, without a sync, and never the one that says the most: a write that is torn costs nothing
 * but itself.
 *
 * It is no part of the database: it never goes into a backup, and a write that fails fails no commit.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import type { HistoryClaim, InstallationEntry, Store } from '@countersign/store'
import { createMac, type Mac } from '../keys/mac.ts'
import type { MasterKey } from '../keys/master_key.ts'

const slotBytes = 512
const slots = 2

interface Slot {
  readonly index: number
  readonly epoch: string
  readonly position: number
  readonly tenant: string
  readonly sequence: number
  readonly chain: string
}

/** A tenant's place, and the installation's position with it. */
export type Noted = Pick<InstallationEntry, 'position' | 'tenant' | 'sequence' | 'chain'>

export interface PlaceFile {
  /** The later of both slots, as a claim; `undefined` when there is no file, or none that can be read. */
  read(): HistoryClaim | undefined
  /** Written now, and from now on after each commit of this process. Gives a function that ends it. */
  follow(store: Pick<Store, 'onCommit'>, epoch: () => string, present: Noted): () => void
}

export function openPlaceFile(path: string, master: MasterKey): PlaceFile {
  const mac = createMac(master.derive('feed_places'))

  return {
    read() {
      const file = openForReading(path)
      if (file === undefined) return undefined
      const [latest] = readSlots(file, mac).toSorted((one, other) => other.position - one.position)
      closeSync(file)
      if (latest === undefined) return undefined
      const { tenant, epoch, sequence, chain } = latest
      return { tenant, epoch, sequence, chain }
    },
    follow(store, epoch, present) {
      const file = openForWriting(path)
      if (file === undefined) return () => {}
      writeSlot(file, present, epoch(), mac)
      const end = store.onCommit((entries) => {
        const last = entries.at(-1)
        if (last !== undefined) writeSlot(file, last, epoch(), mac)
      })
      return () => {
        end()
        closeSync(file)
      }
    },
  }
}

/** Never truncated: what it says must outlive the database. */
function openForWriting(path: string): number | undefined {
  try {
    closeSync(openSync(path, 'a', 0o600))
    return openSync(path, 'r+')
  } catch {
    return undefined
  }
}

function openForReading(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch {
    return undefined
  }
}

function writeSlot(file: number, entry: Noted, epoch: string, mac: Mac): void {
  const { position, tenant, sequence, chain } = entry
  const text = JSON.stringify([epoch, position, tenant, sequence, chain])
  const line = `${text}\n${mac.of(`file ${text}`)}\n`
  // An id of more than a slot holds is none of ours.
  if (Buffer.byteLength(line) > slotBytes) return
  try {
    writeSync(file, line.padEnd(slotBytes), freeSlot(readSlots(file, mac), epoch) * slotBytes)
  } catch {
    // The commit stands. The other slot, or a verifier's seal, says nearly as much.
  }
}

/** The other one than the latest of this epoch, else the latest of all. Read each time: other workers write here too. */
function freeSlot(found: readonly Slot[], epoch: string): number {
  const ofEpoch = found.filter((slot) => slot.epoch === epoch)
  const [latest] = (ofEpoch.length > 0 ? ofEpoch : found).toSorted((one, other) => other.position - one.position)
  return latest === undefined ? 0 : (latest.index + 1) % slots
}

/** Only slots that are whole; none where the file cannot be read. */
function readSlots(file: number, mac: Mac): readonly Slot[] {
  const bytes = Buffer.alloc(slots * slotBytes)
  try {
    const length = readSync(file, bytes, 0, bytes.length, 0)
    const text = (index: number): string =>
      bytes
        .subarray(0, length)
        .subarray(index * slotBytes, (index + 1) * slotBytes)
        .toString()
    return Array.from({ length: slots }, (_, index) => parseSlot(text(index), index, mac)).flat()
  } catch {
    return []
  }
}

/** Torn, damaged or made under another master key: none. */
function parseSlot(text: string, index: number, mac: Mac): readonly Slot[] {
  const [body = '', tag = ''] = text.split('\n')
  if (!mac.holds(`file ${body}`, tag)) return []
  const [epoch, position, tenant, sequence, chain] = JSON.parse(body) as [string, number, string, number, string]
  return [{ index, epoch, position, tenant, sequence, chain }]
}
