import { hash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { FeedEntry } from '@countersign/core'
import { chainInput } from '@countersign/core'
import { expect } from 'vitest'
import type { InstallationEntry } from '../feed/append.ts'
import type { Store } from '../store.ts'

/** Reads the installation's log as it grows, and fails at once when a position is skipped or given twice. */
export function follow(store: Store) {
  const entries: InstallationEntry[] = []
  let isDone = false
  const running = (async () => {
    for (;;) {
      const wasDone = isDone
      const news = await store.feed.afterPosition(entries.at(-1)?.position ?? 0, 50)
      for (const entry of news) {
        expect(entry.position).toBe((entries.at(-1)?.position ?? 0) + 1)
        entries.push(entry)
      }
      if (wasDone && news.length === 0) return entries
      await setImmediate()
    }
  })()
  return {
    /** Gives every entry seen, once no more are written. */
    finish() {
      isDone = true
      return running
    },
  }
}

/** Checks that each tenant's sequences have no gap and that each chain value follows from the one before. */
export function expectChained(entries: readonly (FeedEntry & { readonly tenant?: string })[], from?: FeedEntry): void {
  for (const own of Map.groupBy(entries, (entry) => entry.tenant).values()) {
    let previous = from
    for (const entry of own) {
      expect(entry.sequence).toBe((previous?.sequence ?? 0) + 1)
      expect(entry.chain).toBe(hash('sha256', chainInput(previous?.chain ?? '', entry), 'base64url'))
      previous = entry
    }
  }
}
