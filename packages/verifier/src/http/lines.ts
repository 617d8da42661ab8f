/** A line longer than this is no line of ours. */
const lineCharactersMax = 1_048_576

/** A server that streams says something at least every 15 s; one that is silent for this long is gone. */
const silenceMsMax = 45_000

/**
 * The lines of a body without their ends, as many at once as came at once; a last line without an end is not given. Throws when nothing comes
 * for `silenceMs`: a connection whose other side vanished without a word would be waited for without end.
 */
export async function* readLines(
  response: Response,
  silenceMs: number = silenceMsMax,
): AsyncGenerator<readonly string[], void, undefined> {
  if (response.body === null) return
  // A decoder by hand: the same as a stream between takes longer than all else that is done with a change.
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await readInTime(reader, silenceMs)
      if (done) return
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      if (lines.length > 0) yield lines
      if (rest.length > lineCharactersMax) throw new Error('a line of the answer is too long')
    }
  } finally {
    // Whoever stops listening, or heard nothing, ends the connection too.
    await reader.cancel().catch(() => {})
  }
}

function readInTime(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  silenceMs: number,
): Promise<ReadableStreamReadResult<Uint8Array>> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the server fell silent')), silenceMs)
    reader
      .read()
      .finally(() => clearTimeout(timer))
      .then(resolve, reject)
  })
}
