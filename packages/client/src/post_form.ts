import type { Seconds } from '@countersign/core'
import type { Authenticate } from './client_authentication.ts'
import { send, timeoutMsDefault } from './send.ts'
import { withoutAbsent } from './without_absent.ts'

export interface FormRequest {
  readonly issuer: string
  readonly authenticate: Authenticate
  readonly form: Readonly<Record<string, string | undefined>>
  readonly fetch: typeof fetch
  readonly now: Seconds
  readonly secrets?: readonly string[]
}

/**
 * Posts a form to an endpoint of the issuer as the client, and gives the text of the answer. The endpoint is not looked up:
 * stored credentials go to one place only.
 */
export async function postForm(path: string, request: FormRequest): Promise<string> {
  const { headers, form, secrets } = await request.authenticate(request.now)
  const fields = withoutAbsent({ ...request.form, ...form }) as Readonly<Record<string, string>>
  const { text } = await send({
    url: `${request.issuer}${path}`,
    method: 'POST',
    headers: { ...headers, accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
    fetch: request.fetch,
    timeoutMs: timeoutMsDefault,
    secrets: [...secrets, ...(request.secrets ?? [])],
  })
  return text
}
