/** A line longer than this is no line of ours. */
const lineCharactersMax = 1_048_576

/** The lines of a body as they come, without their ends; a last line without an end is not given. */
export async function* readLines(response: Response): AsyncGenerator<string, void, undefined> {
  if (response.body === null) return
  let rest = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
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
