/**
 * Where tokens live in a browser: in the memory of the pages of one origin. A new page asks the others for them by
 * BroadcastChannel; the last page that goes takes them along. Nothing is written to a disk.
 */
import type { Keeper } from './renewal.ts'
import type { TokenSet } from './token_set.ts'

/** So long another page has time to answer, in milliseconds. Pages that sleep answer nothing. */
const answerMs = 200

type Message =
  | { readonly says: 'ask' }
  /** `order` counts what was kept, so that an older set never takes the place of a newer one. */
  | { readonly says: 'kept'; readonly order: number; readonly set: TokenSet | undefined }

/** `name` is the same in all pages that share the tokens: issuer and client. */
export function createTabs(name: string, onChange: (set: TokenSet | undefined) => void): Keeper {
  const channel = new BroadcastChannel(name)
  let order = 0
  let set: TokenSet | undefined
  let heard = Promise.withResolvers<void>()
  const say = (message: Message): void => channel.postMessage(message)

  channel.addEventListener('message', ({ data }: MessageEvent<Message>) => {
    if (data.says === 'ask') {
      if (order > 0) say({ says: 'kept', order, set })
      return
    }
    if (data.order > order) {
      order = data.order
      set = data.set
      onChange(set)
    }
    heard.resolve()
  })
  // A process of Node ends although a channel is open; a page knows no such thing.
  if ('unref' in channel && typeof channel.unref === 'function') channel.unref()

  /** What the other pages have by now. A message that was sent is here before the answer to a later question. */
  async function listen(): Promise<void> {
    heard = Promise.withResolvers()
    say({ says: 'ask' })
    const timer = setTimeout(heard.resolve, answerMs)
    await heard.promise
    clearTimeout(timer)
  }

  return {
    async load() {
      if (order === 0) await listen()
      return set
    },
    async save(changed) {
      order += 1
      set = changed
      say({ says: 'kept', order, set })
      onChange(set)
    },
    alone: (work) =>
      navigator.locks.request(name, async () => {
        await listen()
        return work()
      }),
  }
}
