import { readFileSync } from 'node:fs'
import { text as readStream } from 'node:stream/consumers'
import { InvalidArgumentError } from 'commander'
import { connectToServer } from '../connection.ts'
import { CommandError } from '../exit.ts'
import { leaf } from '../flags.ts'
import { printJson, printLine } from '../output.ts'
import { callServer } from '../raw_call.ts'

const methods = ['GET', 'POST', 'PATCH', 'PUT', 'DELETE'] as const

function parseMethod(text: string): string {
  const method = methods.find((each) => each === text.toUpperCase())
  if (method === undefined) throw new InvalidArgumentError(`must be one of ${methods.join(', ')}`)
  return method
}

/** Below the issuer, and nowhere else: the credential goes with it. */
function parsePath(text: string): string {
  const isBelow = /^\/v1\/[\x21-\x7e]+$/.test(text) && !/(^|\/)\.{1,2}(\/|\?|$)/.test(text) && !text.includes('\\')
  if (!isBelow) throw new InvalidArgumentError('must be a path of the management API, such as /v1/keys?limit=5')
  return text
}

export const apiCommand = leaf('api')
  .description('call any operation of the management API; its answer goes to standard output')
  .argument('<method>', methods.join(', '), parseMethod)
  .argument('<path>', 'such as /v1/keys?limit=5', parsePath)
  .option('--data <file>', 'the body, JSON or an API description; - for standard input')
  .action(async (method: string, path: string, { json, data }: { readonly json?: true; readonly data?: string }) => {
    const body = data === undefined ? undefined : await readBody(data)
    if (body !== undefined && method === 'GET') throw new CommandError('usage', '--data: a GET has no body')
    const answer = await callServer(connectToServer(), method, path, body)
    if (answer === '') return
    const value = parseJson(answer)
    if (value === undefined) process.stdout.write(answer)
    else if (json === true) printJson(value)
    else printLine(JSON.stringify(value, null, 2))
  })

async function readBody(file: string): Promise<string> {
  if (file === '-') return readStream(process.stdin)
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw new CommandError(
      isMissing ? 'notFound' : 'error',
      `--data: ${file} ${isMissing ? 'does not exist' : 'cannot be read'}`,
    )
  }
}

/** Undefined for answers of several lines, such as the feed's snapshot. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
