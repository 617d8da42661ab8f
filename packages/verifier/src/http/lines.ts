/** The longest line in characters; a server of ours never sends a longer one. */
const lineCharactersMax = 1_048_576

/** A server sends something at least every 15 s; after this much silence, in milliseconds, it counts as gone. */
const silenceMsMax = 45_000
const looks = 4

/** The lines of a body without their ends; a last line without an end is not given. */
export interface LineReader {
  /**
   * The lines that came at once; `undefined` at the end. Throws when nothing came for too long, or a line is too long.
   */
  next(): Promise<readonly string[] | undefined>
  /** Must be called when no more lines are wanted; ends the connection too. */
  close(): Promise<void>
}

/**
 * `silenceMs` is needed because a connection whose other side vanished without a word would be waited for without end.
 * Silence is noticed up to a quarter of it later.
 *
 * No generator and no stream stands between, and one timer serves all pieces: their work for one piece takes longer
 * than all other work for a change.
 */
export function createLineReader(response: Response, silenceMs: number = silenceMsMax): LineReader {
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  let silentLooks = 0
  const watch = setInterval(() => {
    if (++silentLooks > looks) void close()
  }, silenceMs / looks)

  async function next(): Promise<readonly string[] | undefined> {
    for (;;) {
      const read = await reader?.read()
      if (silentLooks > looks) throw new Error('the server fell silent')
      if (read?.value === undefined) return undefined
      silentLooks = 0
      const lines = (rest + decoder.decode(read.value, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > lineCharactersMax) throw new Error('a line of the answer is too long')
      if (lines.length > 0) return lines
    }
  }

  async function close(): Promise<void> {
    clearInterval(watch)
    await reader?.cancel().catch(() => {})
  }

  return { next, close }
}
