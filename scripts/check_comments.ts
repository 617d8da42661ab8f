// House style, plain English: a comment begins with its subject. A clause in its place has to be read twice.
import { readSources } from './sources.ts'

const clauseFirst = /^\s*(?:\/\*\*|\/\/|\*)\s+(?:What|Whoever|Of|Those|That which)\b/
/** A line alone within a comment may go on with such a word: only the first line of a comment is looked at. */
const goesOn = /^\s*(?:\/\/|\*|\/\*\*\s*\S)/

export function checkComments(): readonly string[] {
  const sources = readSources('{packages,scripts,deploy,conformance,examples,bench}/**/*.{ts,tsx}')
  return sources.flatMap(({ path, text }) => {
    const lines = text.split('\n')
    return lines.flatMap((line, index) =>
      clauseFirst.test(line) && !goesOn.test(lines[index - 1] ?? '')
        ? [`${path}:${index + 1}: begin the comment with its subject: ${line.trim()}`]
        : [],
    )
  })
}
