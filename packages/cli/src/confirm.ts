import { createInterface } from 'node:readline/promises'
import { CommandError } from './exit.ts'
import { shown } from './output.ts'

/** The flag of every command that asks first. */
export interface Yes {
  readonly yes?: true | undefined
}

export const yesOption = ['--yes', 'do it without asking; nothing is asked where there is no terminal'] as const

type Terminal = Pick<NodeJS.ReadStream, 'isTTY'> & NodeJS.ReadableStream

/**
 * Asks on a terminal before what cannot be undone and touches many. A script is never asked: it would wait for ever.
 * Throws `CommandError` when the answer is not yes.
 */
export async function confirm(
  question: string,
  { yes }: Yes,
  input: Terminal = process.stdin,
  output: NodeJS.WritableStream & { readonly isTTY?: boolean } = process.stderr,
): Promise<void> {
  if (yes === true || input.isTTY !== true || output.isTTY !== true) return
  const lines = createInterface({ input, output })
  try {
    // A terminal that is closed gives no answer.
    const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')))
    const answer = await Promise.race([lines.question(`${shown(question)} [y/N] `), closed])
    if (!/^y(es)?$/i.test(answer.trim())) throw new CommandError('error', 'nothing was changed')
  } finally {
    lines.close()
  }
}
