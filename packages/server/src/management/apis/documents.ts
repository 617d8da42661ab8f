/** The OpenAPI document that was imported for an API: its text as JSON, and the operations that were read from it. */
import { routes } from '@countersign/contract'
import { formatTime, type Seconds } from '@countersign/core'
import type { ApiDescription, Operation as DescribedOperation } from '@countersign/openapi'
import type { Api } from '@countersign/store'
import { DocumentsBusyError, describeDocument, documentSenders, storedDescription } from '../../apis/document.ts'
import { shareOf } from '../../caller/caller.ts'
import type { Answer } from '../../http/answer.ts'
import { leaveOnce } from '../../http/leave.ts'
import type { HttpRequest } from '../../http/request.ts'
import { serverLimits } from '../../limits.ts'
import type { ReadContext, WriteContext } from '../context.ts'
import { findApi, findDescription, findDocumentText, notFound } from '../find.ts'
import { type AnswerOf, type Operation, textOperation } from '../operation.ts'

type OperationView = AnswerOf<typeof routes.listOperations>['data'][number]

export function operationView(operation: DescribedOperation): OperationView {
  const { method, basePath, path, operationId, summary, tags, requires, cost, public: isPublic } = operation
  return {
    method,
    basePath,
    path,
    ...(operationId === undefined ? {} : { operationId }),
    ...(summary === undefined ? {} : { summary }),
    tags,
    requires,
    ...(cost === undefined ? {} : { cost }),
    public: isPublic,
  }
}

const getOpenapi = textOperation(routes.getOpenapi, async (context, request) => {
  const api = await findApi(context, context.params.id as string)
  const leave = await enter(context, request)
  try {
    const stored = await findDocumentText(context, api)
    if (stored === undefined) throw notFound('document')
    const { text, isJson } = stored
    return answer(isJson ? text : (await describeDocument(text, shareOf(context.tenant, context.caller))).json, leave)
  } catch (error) {
    leave()
    throw error
  }
})

/** The description of the document that the API has now. */
export async function findRead(context: ReadContext | WriteContext, api: Api): Promise<ReadDescription | undefined> {
  const stored = await findDescription(context, api)
  if (stored === undefined) return undefined
  const { importedAt } = stored
  const holder = shareOf(context.tenant, context.caller)
  return { ...(await storedDescription(stored, holder, () => findDocumentText(context, api))), importedAt }
}

type ReadDescription = ApiDescription & { readonly importedAt: Seconds }

async function operationsText(context: ReadContext, api: Api): Promise<string> {
  const { operations = [], importedAt } = (await findRead(context, api)) ?? {}
  const body: AnswerOf<typeof routes.listOperations> = {
    data: operations.map(operationView),
    importedAt: importedAt === undefined ? null : formatTime(importedAt),
  }
  return JSON.stringify(body)
}

const listOperations = textOperation(routes.listOperations, async (context, request) => {
  const api = await findApi(context, context.params.id as string)
  const leave = await enter(context, request)
  try {
    return answer(await context.services.operationLists.of(api, () => operationsText(context, api)), leave)
  } catch (error) {
    leave()
    throw error
  }
})

/** Takes a place, since a document may have 16 MiB, and many that are read slowly would fill the memory. */
async function enter(context: ReadContext, { signal }: HttpRequest): Promise<() => void> {
  const holder = shareOf(context.tenant, context.caller)
  if (!(await documentSenders.enter(holder))) throw new DocumentsBusyError('other documents are being sent')
  return leaveOnce(signal, () => documentSenders.leave(holder))
}

function answer(text: string, leave: () => void): Answer {
  const headers = {
    'Cache-Control': 'no-store',
    'Content-Type': 'application/json',
    'X-Content-Type-Options': 'nosniff',
  }
  if (text.length > serverLimits.documentSentShortMax)
    return { status: 200, headers, sendMs: serverLimits.documentSendMs, body: piecesOf(text, leave) }
  leave()
  return { status: 200, headers, body: text }
}

async function* piecesOf(text: string, leave: () => void): AsyncGenerator<string> {
  const { documentPieceCharacters: size } = serverLimits
  try {
    for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size)
  } finally {
    leave()
  }
}

export const apiDocumentOperations: readonly Operation[] = [getOpenapi, listOperations]
