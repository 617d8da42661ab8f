/**
 * Where tokens live in a browser: in the memory of the pages of one origin. A new page asks the others for them by
 * BroadcastChannel; the last page that goes takes them along. Nothing is written to a disk.
 */
import type { Keeper } from './renewal.ts'
import type { TokenSet } from './token_set.ts'

/** So long another page has time to answer, in milliseconds. Pages that sleep answer nothing. */
const answerMs = 1_000

type Message =
  | { readonly says: 'ask' }
  | { readonly says: 'kept'; readonly order: number; readonly set: TokenSet | undefined }

/** `name` is the same in all pages that share the tokens: issuer and client. */
export function createTabs(name: string, onChange: (set: TokenSet | undefined) => void): Keeper {
  const channel = new BroadcastChannel(name)
  const shown = showOrder(name)
  /** The number of the set that this page holds; an older set never takes the place of a newer one. */
  let order = 0
  let set: TokenSet | undefined
  /** The highest number that another page has shown, whether or not its set has come. */
  let seen = 0
  const waiting = new Set<() => void>()
  const say = (message: Message): void => channel.postMessage(message)

  channel.addEventListener('message', ({ data }: MessageEvent<Message>) => {
    if (data.says === 'ask') {
      if (order > 0) say({ says: 'kept', order, set })
      return
    }
    if (data.order <= order) return
    order = data.order
    set = data.set
    void shown.replace(order)
    onChange(set)
    for (const look of waiting) look()
  })
  // A process of Node would not end while a channel is open; a page knows no such thing.
  if ('unref' in channel && typeof channel.unref === 'function') channel.unref()

  /** Takes over what the other pages have kept since. A page that sleeps answers once it wakes, so it is asked once. */
  async function catchUp(): Promise<void> {
    const newest = await shown.newest()
    if (Math.max(order, seen) >= newest) return
    say({ says: 'ask' })
    await until(() => order >= newest, waiting)
    seen = Math.max(seen, newest)
  }

  return {
    async load() {
      if (order === 0) await catchUp()
      return set
    },
    async save(changed) {
      order = Math.max(order, seen) + 1
      set = changed
      // Before the turn of this page ends: the next one must see that there is something newer.
      await shown.replace(order)
      say({ says: 'kept', order, set })
      onChange(set)
    },
    isBehind: () => order < seen,
    alone: (work) =>
      navigator.locks.request(name, async () => {
        await catchUp()
        return work()
      }),
  }
}

/** Looks each time that something has come, until it holds or the time is over. */
function until(holds: () => boolean, waiting: Set<() => void>): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      waiting.delete(look)
      resolve()
    }
    const look = (): void => {
      if (holds()) end()
    }
    const timer = setTimeout(end, answerMs)
    waiting.add(look)
  })
}

/** A shared lock whose name ends with the order: pages see by it what the others have, and it goes with its page. */
function showOrder(name: string) {
  const prefix = `${name} kept `
  let release = (): void => {}
  return {
    async replace(order: number): Promise<void> {
      const before = release
      const held = Promise.withResolvers<void>()
      release = held.resolve
      await new Promise<void>((granted) => {
        void navigator.locks.request(`${prefix}${order}`, { mode: 'shared' }, () => {
          granted()
          return held.promise
        })
      })
      before()
    },
    async newest(): Promise<number> {
      const { held = [] } = await navigator.locks.query()
      const orders = held.map((lock) => (lock.name?.startsWith(prefix) ? Number(lock.name.slice(prefix.length)) : 0))
      return Math.max(0, ...orders)
    },
  }
}
