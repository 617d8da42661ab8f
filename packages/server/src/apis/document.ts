/** API descriptions from outside, read where they cannot hold up anybody: 16 MiB of hostile YAML take half a minute. */
import { Worker } from 'node:worker_threads'
import type { Holder } from '@countersign/core'
import { type ApiDescription, documentJson, OpenApiError, readDocument, readOperations } from '@countersign/openapi'
import type { DocumentText, StoredDescription } from '@countersign/store'
import { createRoom, type Room } from '@countersign/verifier/engine'
import { serverLimits } from '../limits.ts'

/** A document as it was read, and its text as JSON. */
export interface ReadDocument {
  readonly description: ApiDescription
  readonly json: string
}

/** The result of reading, as it goes from one thread to another. */
export type DocumentAnswer = ReadDocument | { readonly message: string; readonly where: string }

/** A document that is none, or that took longer than it may: fit for the one who sent it. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError'
  /** A JSON pointer or `line:column`; '' where there is none. */
  readonly where: string

  constructor(message: string, where: string) {
    super(message)
    this.where = where
  }
}

/** More documents are being read than there are threads for, and this one's turn did not come in time. */
export class DocumentsBusyError extends Error {
  override readonly name = 'DocumentsBusyError'
}

/** The threads that read documents, of all servers in this process. */
const readers = createRoom(serverLimits.documentWorkersMax, serverLimits.documentWaitMs)

/**
 * In this thread when it is a few KiB, else in one of its own that is ended when its time is over. There are few of those,
 * shared fairly by tenant. Throws `DocumentError` and `DocumentsBusyError`.
 */
export async function describeDocument(text: string, holder: Holder): Promise<ReadDocument> {
  const isSmall = text.length <= serverLimits.documentInlineBytesMax
  const answer = isSmall ? answerDocument(text) : await readInTurn(text, holder)
  if ('description' in answer) return answer
  throw new DocumentError(answer.message, answer.where)
}

async function readInTurn(text: string, holder: Holder): Promise<DocumentAnswer> {
  if (!(await readers.enter(holder))) throw new DocumentsBusyError('other documents are being read')
  try {
    return await askWorker(text)
  } finally {
    readers.leave(holder)
  }
}

/** The description that was read when the document was imported; from its text where an older version kept another. */
export async function storedDescription(
  { description }: StoredDescription,
  holder: Holder,
  findText: () => Promise<DocumentText | undefined>,
): Promise<ApiDescription> {
  const isWhole = typeof description === 'object' && description !== null && 'problems' in description
  if (isWhole) return description as ApiDescription
  return (await describeDocument((await findText())?.text ?? '', holder)).description
}

/** The places from which stored documents are sent, of all servers in this process. */
export const documentSenders: Room = createRoom(serverLimits.documentsSentMax, serverLimits.documentWaitMs)

/** The reading itself, in whichever thread. */
export function answerDocument(text: string): DocumentAnswer {
  try {
    const bytesMax = serverLimits.documentBytesMax
    const document = readDocument(text, { bytesMax })
    return { description: readOperations(document), json: documentJson(text, document, bytesMax) }
  } catch (error) {
    if (!(error instanceof OpenApiError)) throw error
    return { message: error.message, where: error.where ?? '' }
  }
}

function askWorker(text: string): Promise<DocumentAnswer> {
  // Beside this file, as source or as what was built from it.
  const script = new URL(
    import.meta.url.endsWith('.ts') ? './document_worker.ts' : './document_worker.js',
    import.meta.url,
  )
  const worker = new Worker(script, {
    workerData: text,
    resourceLimits: { maxOldGenerationSizeMb: serverLimits.documentWorkerMb },
  })
  return new Promise<DocumentAnswer>((resolve) => {
    const tooMuch: DocumentAnswer = { message: 'the document takes too long to read: send it as JSON', where: '' }
    const timer = setTimeout(() => resolve(tooMuch), serverLimits.documentTimeoutMs)
    worker.once('message', resolve)
    worker.once('error', () => resolve({ message: 'the document cannot be read: it takes too much memory', where: '' }))
    worker.once('exit', () => clearTimeout(timer))
  }).finally(() => worker.terminate())
}
