import { parseKey } from '@countersign/core'
import { CommandError } from './exit.ts'

/** An id from the command line. Whoever pastes the whole secret is told what has happened to it. */
export function requireId(text: string): string {
  const parsed = parseKey(text)
  if (parsed === undefined && !/^[\w-]+\.[\w-]+\.[\w-]*$/.test(text)) return text
  const id = parsed === undefined ? 'its jti' : parsed.id
  throw new CommandError(
    'usage',
    `that is the secret itself, and it is now in your shell’s history: use the id, ${id}, and consider revoking it`,
  )
}

/** A value from the command line in an error. A secret that was pasted in the wrong place is not said again. */
export function quoted(text: string): string {
  const isSecret = parseKey(text) !== undefined || /[\w-]{8,}\.[\w-]{8,}\.[\w-]*/.test(text) || text.length > 200
  return isSecret ? '(not shown: it may be a secret)' : JSON.stringify(text)
}
