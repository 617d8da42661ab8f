import { randomBytes } from 'node:crypto'
import { rmSync, statfsSync, statSync, truncateSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { promisify } from 'node:util'

/**
 * `none`: no reserve is configured. `missing`: it is not made yet, or there is no room for it. `given_up`: the disk was
 * full.
 */
export type ReserveState = 'none' | 'whole' | 'making' | 'missing' | 'given_up'

const random = promisify(randomBytes)
const pieceBytes = 1024 * 1024

/** Space left free beside the reserve, so that making it again does not fill the disk at once. */
const marginBytes = 16 * 1024 * 1024

/** A part older than this was left behind by a killed process. */
const stalePartMs = 60_000

/**
 * A file beside the database that only occupies space. When the disk is full it is given up, so that writes that end
 * credentials still find space. Its bytes are random, since a compressing file system would keep no room for zeros. An
 * empty file tells every process of the database that the reserve was given up.
 */
export class Reserve {
  readonly #file: string
  readonly #bytes: number
  #making: Promise<void> | undefined
  #seen: { readonly size: number | undefined } | undefined
  #isClosed = false

  /** With `bytes` 0 there is no reserve. */
  constructor(database: string, bytes: number) {
    this.#file = `${database}.reserve`
    this.#bytes = bytes
  }

  get state(): ReserveState {
    if (this.#bytes === 0) return 'none'
    const size = this.#size()
    if (size === 0) return 'given_up'
    if (size !== undefined && size >= this.#bytes) return 'whole'
    return this.#making === undefined ? 'missing' : 'making'
  }

  /** All that ask in one turn of the event loop share one look at the file. */
  #size(): number | undefined {
    if (this.#seen === undefined) {
      this.#seen = { size: statSync(this.#file, { throwIfNoEntry: false })?.size }
      setImmediate(() => this.#forget())
    }
    return this.#seen.size
  }

  #forget(): void {
    this.#seen = undefined
  }

  /** The space is free when this returns. Never throws: the caller reports the write that failed. */
  giveUp(): void {
    if (this.state === 'none' || this.state === 'given_up') return
    try {
      truncateSync(this.#file, 0)
    } catch {
      // The reserve was never whole, so there is no space to give and nothing to remember.
    }
    this.#forget()
  }

  /**
   * Makes the reserve when it is not whole and there is room. Concurrent calls wait for the same attempt; several
   * processes may call it.
   */
  async tend(): Promise<void> {
    const { state } = this
    if (this.#making !== undefined) return this.#making
    if (state === 'none' || state === 'whole' || this.#isClosed || !this.#hasRoom()) return
    this.#making = this.#make()
    try {
      await this.#making
    } finally {
      this.#making = undefined
    }
  }

  async #make(): Promise<void> {
    const part = `${this.#file}.part`
    try {
      removeStale(part)
      await this.#write(part)
      if (!this.#isClosed) await rename(part, this.#file)
      this.#forget()
    } catch (error) {
      // Another process is making it, or the room is gone again. The next round looks again.
      const { code } = error as { readonly code?: string }
      if (code !== 'EEXIST') rmSync(part, { force: true })
      if (code !== 'EEXIST' && code !== 'ENOSPC' && code !== 'EDQUOT') throw error
    }
  }

  close(): void {
    this.#isClosed = true
  }

  #hasRoom(): boolean {
    const { bavail, bsize } = statfsSync(dirname(resolve(this.#file)))
    return bavail * bsize >= this.#bytes + marginBytes
  }

  async #write(part: string): Promise<void> {
    const handle = await open(part, 'wx', 0o600)
    try {
      for (let written = 0; written < this.#bytes && !this.#isClosed; written += pieceBytes) {
        await handle.write(await random(Math.min(pieceBytes, this.#bytes - written)))
      }
      await handle.sync()
    } finally {
      await handle.close()
      if (this.#isClosed) rmSync(part, { force: true })
    }
  }
}

function removeStale(part: string): void {
  const found = statSync(part, { throwIfNoEntry: false })
  if (found !== undefined && Date.now() - found.mtimeMs > stalePartMs) rmSync(part, { force: true })
}
