/**
 * `POST /v1/apis/{id}/calls`: the explorer's call to an API, from this server. Nothing goes out that the API's document does
 * not describe, and nowhere but to its `callUrl`. Of the caller's own request nothing is sent: its body names all that is.
 */
import { type ProblemCode, routes } from '@countersign/contract'
import {
  foldHeaderName,
  type Holder,
  isCountersignHeader,
  isDeceptiveHeader,
  isHopByHopHeader,
} from '@countersign/core'
import { shareOf } from '../../caller/caller.ts'
import type { Answer } from '../../http/answer.ts'
import { leaveOnce } from '../../http/leave.ts'
import { ProblemError } from '../../http/problem.ts'
import { serverLimits } from '../../limits.ts'
import type { OutboundStream } from '../../outbound/outbound_call.ts'
import { OutboundError, type OutboundFault } from '../../outbound/outbound_error.ts'
import type { ReadContext } from '../context.ts'
import { findApi, invalid } from '../find.ts'
import { type Operation, textOperation } from '../operation.ts'

type Context = ReadContext<typeof routes.callApi>

const callApi = textOperation(routes.callApi, async (context, request) => {
  const { body: call, services } = context
  // 1. The API is in the caller's reach, and says where it is called.
  const api = await findApi(context, context.params.id as string)
  if (api.callUrl === undefined)
    throw new ProblemError(409, 'conflict', 'The API has no callUrl: whoever runs it sets where it is called.')
  // 2. Its document describes the request, by the rules of the gateway.
  const target = call.query === undefined ? call.path : `${call.path}?${call.query}`
  await requireDescribed(context, api.id, target)
  const body = bodyOf(call)
  // 3. There is a place for it.
  const holder = shareOf(context.tenant, context.caller)
  const give = takePlace(context, holder)
  // 4. It is sent, and the answer told while it comes.
  const beganAt = performance.now()
  const elapsedMs = (): number => Math.round(performance.now() - beganAt)
  try {
    const answer = await services.outbound.send({
      url: new URL(api.callUrl),
      method: call.method,
      target,
      headers: headersToSend(call.headers ?? {}),
      ...(body === undefined ? {} : { body }),
      holder,
      signal: request.signal,
    })
    return lineAnswer(linesOf(answer, elapsedMs, leaveOnce(request.signal, give)))
  } catch (error) {
    give()
    throw error instanceof OutboundError ? toProblem(error.fault) : error
  }
})

async function requireDescribed(context: Context, apiId: string, target: string): Promise<void> {
  const { body, services, tenant } = context
  const requirement = await services.requirements.of(tenant, apiId, { method: body.method, uri: target })
  switch (requirement.kind) {
    case 'public':
      return
    case 'requires':
      if (requirement.operation === undefined)
        throw invalid('/path', 'is no operation: no document of the API was imported')
      return
    case 'undescribed':
      if (requirement.allow === undefined)
        throw invalid('/path', 'is the path of no operation of the imported document')
      throw invalid('/method', `is no method of this path, which has ${requirement.allow.join(', ')}`)
    case 'ambiguous':
      throw invalid('/path', `can be read in two ways: ${requirement.detail}`)
  }
}

function bodyOf({ body, bodyEncoding }: Context['body']): Uint8Array | undefined {
  if (body === undefined || bodyEncoding === undefined) return body === undefined ? undefined : Buffer.from(body)
  const isBase64 = body.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(body)
  if (!isBase64) throw invalid('/body', 'is not base64 (RFC 4648 §4)')
  return Buffer.from(body, 'base64')
}

function takePlace({ services }: Context, holder: Holder): () => void {
  const leave = services.callRoom.take(holder)
  if (typeof leave === 'function') return leave
  const own = `${serverLimits.callsOfCallerMax} calls of yours are under way. Send this one when one of them has ended.`
  const detail = leave === 'caller' ? own : 'The server is making as many calls as it can. Try again.'
  throw new ProblemError(503, 'unavailable', detail, { headers: { 'Retry-After': '1' } })
}

/** Written anew, or nobody's to say: `Cookie` would be taken for a person's at the API. */
const notSent: ReadonlySet<string> = new Set(['cookie', 'host', 'content-length', 'expect', 'via'])

/** Name, value, name, value. What the API compresses the page could not show, unless the caller asks for it. */
function headersToSend(given: Readonly<Record<string, string>>): readonly string[] {
  const sent = Object.entries(given).filter(([name]) => {
    const folded = foldHeaderName(name)
    return !(
      notSent.has(folded) ||
      isHopByHopHeader(folded) ||
      isCountersignHeader(folded) ||
      isDeceptiveHeader(folded)
    )
  })
  const names = new Set(sent.map(([name]) => name.toLowerCase()))
  const usual = Object.entries({ Accept: '*/*', 'Accept-Encoding': 'identity', 'User-Agent': 'countersign' })
  return [...usual.filter(([name]) => !names.has(name.toLowerCase())), ...sent].flat()
}

/** No field of the API's becomes one of ours: what it answers is data, and no page. Who does not take it loses the connection. */
function lineAnswer(body: AsyncIterable<string>): Answer {
  const headers = {
    'Cache-Control': 'no-store',
    'Content-Disposition': 'attachment',
    'Content-Type': 'application/x-ndjson',
    'X-Content-Type-Options': 'nosniff',
  }
  return { status: 200, headers, sendMs: serverLimits.callTimeoutMs, body }
}

async function* linesOf(
  { status, rawHeaders, body }: OutboundStream,
  elapsedMs: () => number,
  leave: () => void,
): AsyncGenerator<string> {
  const { callAnswerBytesMax: bytesMax } = serverLimits
  let end = 0
  try {
    yield lineOf({ status, headers: fieldsOf(rawHeaders) })
    for await (const piece of body) {
      const chunk = piece.subarray(0, bytesMax - end)
      end += chunk.length
      if (chunk.length > 0) yield lineOf({ chunk: Buffer.from(chunk).toString('base64') })
      if (chunk.length < piece.length) return yield lineOf({ end, ms: elapsedMs(), cut: true })
    }
    yield lineOf({ end, ms: elapsedMs() })
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error
    const { code, message } = toProblem(error.fault)
    yield lineOf({ error: code, detail: message, ms: elapsedMs() })
  } finally {
    leave()
  }
}

function lineOf(value: object): string {
  return `${JSON.stringify(value)}\n`
}

/** A comma joins fields of one name (RFC 9110 §5.3), but for Set-Cookie, whose values have commas. */
function fieldsOf(rawHeaders: readonly string[]): Readonly<Record<string, string>> {
  const fields = new Map<string, string>()
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] as string).toLowerCase()
    const value = rawHeaders[index + 1] as string
    const before = fields.get(name)
    fields.set(name, before === undefined ? value : `${before}${name === 'set-cookie' ? '\n' : ', '}${value}`)
  }
  return Object.fromEntries(fields)
}

const unreachable = [502, 'api_unreachable', 'The API refused the connection, or broke it off.'] as const

/** Faults that only fetches have are left out: a call follows no redirect and keeps no body. */
const problems: { readonly [Fault in OutboundFault]?: readonly [number, ProblemCode, string] } = {
  busy: [503, 'unavailable', 'The server is looking up as many names as it can. Try again.'],
  not_public: [
    502,
    'api_address_not_allowed',
    'The API is at an address that calls of this server may not reach: over https a public one, else a network in COUNTERSIGN_CALL_NETWORKS.',
  ],
  timeout: [504, 'api_timeout', `The API did not end its answer within ${serverLimits.callTimeoutMs / 1000} seconds.`],
  tls: [
    502,
    'api_tls_failed',
    'No TLS connection to the API could be made, or its certificate is not valid for its name.',
  ],
  unknown_host: [502, 'api_name_unknown', 'The host name of the API is not known to this server.'],
}

function toProblem(fault: OutboundFault): ProblemError {
  const [status, code, detail] = problems[fault] ?? unreachable
  return new ProblemError(status, code, detail, fault === 'busy' ? { headers: { 'Retry-After': '1' } } : {})
}

export const callOperations: readonly Operation[] = [callApi]
