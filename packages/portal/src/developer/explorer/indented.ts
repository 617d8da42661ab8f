const depthMax = 32

/**
 * JSON with each member on a line of its own, and every token as it came: a number may have more digits than the page can count with,
 * and a member may be there twice. What is no JSON, or goes deeper than 32 levels, stays as it is.
 */
export function indented(text: string): string {
  if (!isJson(text)) return text
  let depth = 0
  let before = ''
  const parts: string[] = []
  for (const [token] of text.matchAll(/"(?:\\.|[^"\\])*"|[{}[\],:]|[^\s{}[\],:"]+/g)) {
    const isEnd = token === '}' || token === ']'
    const isFirst = before === '{' || before === '['
    if (isEnd) depth--
    if (before === ',' || isFirst !== isEnd) parts.push('\n', '  '.repeat(depth))
    if (before === ':') parts.push(' ')
    if (token === '{' || token === '[') depth++
    if (depth > depthMax) return text
    parts.push(token)
    before = token
  }
  return parts.join('')
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
