import { Secret } from '@countersign/core'
import { CommandError } from './exit.ts'

const bytesMax = 16_384

/** One secret from standard input, white space around it removed: secrets are never arguments. */
export async function readSecretInput(what: string): Promise<Secret> {
  if (process.stdin.isTTY) process.stderr.write(`${what}, then Ctrl-D: `)
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of process.stdin) {
    length += (chunk as Buffer).length
    if (length > bytesMax) throw new CommandError('usage', `standard input has more than ${bytesMax} bytes`)
    chunks.push(chunk as Buffer)
  }
  const text = Buffer.concat(chunks).toString('utf8').trim()
  if (text === '') throw new CommandError('usage', `nothing came on standard input: pipe in ${what}`)
  return new Secret(text)
}
