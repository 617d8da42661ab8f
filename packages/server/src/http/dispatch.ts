/** One way for every request: its tenant, its endpoint, and whatever becomes of it as an answer. */
import { problemAnswer } from '@countersign/core'
import type { RefusalTimes } from '@countersign/verifier/refusal_times'
import type { Answer } from './answer.ts'
import { type Located, locate } from './locate.ts'
import { answerError, problem } from './problem.ts'
import type { HttpRequest } from './request.ts'
import { createRouter, type MountedRoute, type RouteMatch } from './router.ts'

/** An endpoint at its path. `Tenant` is the tenant that the path names. */
export interface Mounted<Tenant> {
  readonly answer: (
    tenant: Tenant,
    request: HttpRequest,
    params: Readonly<Record<string, string>>,
  ) => Promise<Answer> | Answer
  /** Not below a tenant. */
  readonly isRootOnly: boolean
  /** The path as mounted. */
  readonly route: string
  /** Takes the status and the seconds of each answer. */
  readonly answered: (status: number, seconds: number) => void
}

export interface DispatchOptions<Tenant> {
  readonly routes: readonly MountedRoute<Mounted<Tenant>>[]
  /** The path of the base URL, without a slash at its end. */
  readonly basePath: string
  /** By slug; undefined for one that does not exist. */
  readonly tenant: (slug: string) => Tenant | undefined
  /** Judges the `Host` field. Default: every host is answered. */
  readonly allowedHosts?: (host: string) => boolean
  /** When an answer 401 leaves, and others that ask for it. */
  readonly refusalTimes: RefusalTimes
  /** Told of requests that no route matched, as `Mounted.answered`. */
  readonly unmatched: (status: number, seconds: number) => void
  /** Told of each answer, with the path as mounted; `undefined` where no route matched. */
  readonly onAnswer?: (request: HttpRequest, route: string | undefined, answer: Answer, seconds: number) => void
  /** Told of every error that nobody expected. */
  readonly onError: (request: HttpRequest, error: unknown) => void
}

/** Never throws and never rejects: an error is an answer. */
export type Dispatch = (request: HttpRequest) => Promise<Answer> | Answer

export function createDispatch<Tenant>(options: DispatchOptions<Tenant>): Dispatch {
  const { basePath, refusalTimes, unmatched, onAnswer, onError } = options
  const router = createRouter(options.routes)
  const failed = (request: HttpRequest, error: unknown): Answer =>
    answerError(request, error, (cause) => onError(request, cause))

  function dispatch(request: HttpRequest): Promise<Answer> | Answer {
    const beganAt = performance.now()
    const located = locate(request.path, basePath)
    const match = router.match(request.method, located.path)
    const answered = match.kind === 'found' ? match.endpoint.answered : unmatched
    const finish = (answer: Answer): Answer | Promise<Answer> => {
      const seconds = (performance.now() - beganAt) / 1000
      answered(answer.status, seconds)
      onAnswer?.(request, match.kind === 'found' ? match.endpoint.route : undefined, answer, seconds)
      if (answer.status !== 401 && answer.isEven !== true) return answer
      return refusalTimes.wait(request.bodyReadAt ?? beganAt).then(() => answer)
    }
    const answer = answerTo(request, located, match)
    if (!(answer instanceof Promise)) return finish(answer)
    return answer.then(finish, (error: unknown) => finish(failed(request, error)))
  }

  function answerTo(
    request: HttpRequest,
    { slug }: Located,
    match: RouteMatch<Mounted<Tenant>>,
  ): Promise<Answer> | Answer {
    if (options.allowedHosts !== undefined && !options.allowedHosts(hostOf(request) ?? '')) {
      return problem(request, problemAnswer(421, 'misdirected_request', 'This server answers for another host.'))
    }
    const tenant = options.tenant(slug)
    if (match.kind === 'not_found' || tenant === undefined) return notFound(request)
    if (match.kind === 'method_not_allowed') {
      const headers = { Allow: match.allow.join(', ') }
      return problem(
        request,
        problemAnswer(
          405,
          'method_not_allowed',
          'This path does not have this method. Allow lists those that it has.',
          headers,
        ),
      )
    }
    const { endpoint, params } = match
    if (endpoint.isRootOnly && slug !== '') return notFound(request)
    try {
      return endpoint.answer(tenant, request, params)
    } catch (error) {
      return failed(request, error)
    }
  }

  return dispatch
}

function notFound(request: HttpRequest): Answer {
  return problem(request, problemAnswer(404, 'not_found', 'Nothing is at this path.'))
}

function hostOf({ rawHeaders }: HttpRequest): string | undefined {
  const at = rawHeaders.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'host')
  return at < 0 ? undefined : rawHeaders[at + 1]
}
