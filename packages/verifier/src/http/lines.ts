/** A line longer than this is no line of ours. */
const lineCharactersMax = 1_048_576

/** A server that streams says something at least every 15 s; one that is silent for this long is gone. */
const silenceMsMax = 45_000

/**
 * The lines of a body as they come, without their ends; a last line without an end is not given. Throws when nothing comes
 * for `silenceMs`: a connection whose other side vanished without a word would be waited for without end.
 */
export async function* readLines(
  response: Response,
  silenceMs: number = silenceMsMax,
): AsyncGenerator<string, void, undefined> {
  if (response.body === null) return
  let rest = ''
  const silence = new AbortController()
  const decoded = response.body.pipeThrough(new TextDecoderStream(), { signal: silence.signal })
  for await (const chunk of withTimer(decoded, silenceMs, silence)) {
    rest += chunk
    let start = 0
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n', start)) {
      yield rest.slice(start, end)
      start = end + 1
    }
    rest = rest.slice(start)
    if (rest.length > lineCharactersMax) throw new Error('a line of the answer is too long')
  }
}

async function* withTimer<T>(chunks: AsyncIterable<T>, silenceMs: number, silence: AbortController): AsyncGenerator<T> {
  const begin = () => setTimeout(() => silence.abort(new Error('the server fell silent')), silenceMs)
  let timer = begin()
  try {
    for await (const chunk of chunks) {
      clearTimeout(timer)
      yield chunk
      timer = begin()
    }
  } finally {
    clearTimeout(timer)
  }
}
