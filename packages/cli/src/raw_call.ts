/** Any request to the server, for `countersign api` and for operations that the typed client does not have. */
import type { Connection } from './connection.ts'
import { CommandError } from './exit.ts'

/** A request takes at most so many milliseconds. */
const timeoutMs = 30_000
const answerBytesMax = 67_108_864

/** The text of the answer. Throws `ApiError` for answers other than 2xx, with nothing of the credential in it. */
export async function callServer(
  { issuer, credential }: Pick<Connection, 'issuer' | 'credential'>,
  method: string,
  path: string,
  body?: string,
): Promise<string> {
  const { ApiError } = await import('@countersign/client')
  const headers = { authorization: `Bearer ${credential.reveal()}`, accept: 'application/json' }
  const type = body === undefined || /^\s*[[{]/.test(body) ? 'application/json' : 'application/yaml'
  const response = await fetch(issuer + path, {
    method,
    redirect: 'manual',
    headers: body === undefined ? headers : { ...headers, 'content-type': type },
    signal: AbortSignal.timeout(timeoutMs),
    ...(body === undefined ? {} : { body }),
  }).catch(() => {
    // Errors of fetch may quote the request.
    throw new CommandError('unavailable', `${issuer} cannot be reached`)
  })
  const text = await readText(response)
  if (response.ok) return text
  const { code, detail, requestId, errors } = readProblem(text)
  throw new ApiError({
    status: response.status,
    code: typeof code === 'string' ? code : 'bad_answer',
    detail: typeof detail === 'string' ? detail : `${method} ${path.split('?')[0]} answered ${response.status}`,
    ...(typeof requestId === 'string' ? { requestId } : {}),
    ...(Array.isArray(errors) ? { errors } : {}),
  })
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > answerBytesMax) throw new CommandError('error', 'the answer is longer than 64 MiB')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function readProblem(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
