import { readFile } from 'node:fs/promises'
import { type ApiDescription, OpenApiError, readDocument, readOperations } from '@countersign/openapi'
import { CommandError } from './exit.ts'

/** An OpenAPI document that the operator named: a file, or a URL that may be plain http and private; 16 MiB, 30 s. */
export const documentBytesMax = 16_777_216
const documentTimeoutMs = 30_000

export async function loadDocument(source: string): Promise<string> {
  return /^https?:\/\//.test(source) ? fetchDocument(source) : readDocumentFile(source)
}

/** The text as an API description, or one line that says what to mend. */
export function describeDocument(
  text: string,
  source: string,
  { basePath, slashes }: { readonly basePath?: string; readonly slashes?: readonly string[] },
): ApiDescription {
  try {
    return readOperations(readDocument(text, { bytesMax: documentBytesMax }), {
      ...(basePath === undefined ? {} : { basePath }),
      ...(slashes === undefined ? {} : { slashes }),
    })
  } catch (error) {
    if (!(error instanceof OpenApiError)) throw error
    if (error.code === 'unknown_template') throw new CommandError('usage', `--slashes: ${error.message}`)
    throw new CommandError('error', `${source}: ${error.message}`)
  }
}

async function readDocumentFile(source: string): Promise<string> {
  const bytes = await readFile(source).catch((error: NodeJS.ErrnoException) => {
    const why =
      error.code === 'ENOENT' ? 'does not exist' : error.code === 'EISDIR' ? 'is a directory' : 'cannot be read'
    throw new CommandError(error.code === 'ENOENT' ? 'notFound' : 'error', `${source} ${why}`)
  })
  return decode(bytes, source)
}

async function fetchDocument(source: string): Promise<string> {
  const response = await fetch(source, { signal: AbortSignal.timeout(documentTimeoutMs) }).catch(() => {
    throw new CommandError('unavailable', `${source} cannot be reached`)
  })
  if (!response.ok) throw new CommandError('error', `${source} answered ${response.status}`)
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.length
    if (length > documentBytesMax) throw new CommandError('error', `${source} has more than ${documentBytesMax} bytes`)
    chunks.push(chunk)
  }
  return decode(Buffer.concat(chunks), source)
}

function decode(bytes: Uint8Array, source: string): string {
  if (bytes.length > documentBytesMax)
    throw new CommandError('error', `${source} has more than ${documentBytesMax} bytes`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new CommandError('error', `${source} is not UTF-8 text`)
  }
}
