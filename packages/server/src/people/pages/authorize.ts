/**
 * `/oauth/authorize`, RFC 6749 §4.1.1: reads the request once and keeps it. The pages behind it carry its id alone. A fault
 * before the redirect URI is trusted is a page; any other goes back to the client.
 */
import { randomBase62 } from '@countersign/core'
import type { Services, TenantContext } from '../../context.ts'
import type { Answer } from '../../http/answer.ts'
import type { HttpRequest } from '../../http/request.ts'
import { serverLimits } from '../../limits.ts'
import {
  type Parameters,
  readAuthorization,
  readReturnAddress,
  UntrustedRequestError,
} from '../../oauth/authorization/request.ts'
import { parseForm, readForm } from '../../oauth/form.ts'
import { atOneMoment, requireReached, StaleBookError } from '../../oauth/issuing_moment.ts'
import { OauthError } from '../../oauth/oauth_error.ts'
import { newRequestKind } from '../authorization.ts'
import { readSettings } from '../settings.ts'
import { html } from './html.ts'
import { type Frame, frameOf, pageAnswer, seeOther } from './page.ts'
import { returnAnswer } from './return_answer.ts'

type AuthorizeServices = Pick<
  Services,
  'apis' | 'books' | 'clientReads' | 'now' | 'openness' | 'randomBytes' | 'signingKeys' | 'store'
>

export async function authorize(
  services: AuthorizeServices,
  tenant: TenantContext,
  request: HttpRequest,
): Promise<Answer> {
  try {
    const parameters = request.method === 'POST' ? await readForm(request) : parseForm(request.query)
    return await keepRequest(services, tenant, parameters)
  } catch (error) {
    if (error instanceof UntrustedRequestError) return untrusted(services, tenant, error.code, error.message)
    if (error instanceof OauthError) return untrusted(services, tenant, 'invalid_request', `${error.message}.`)
    throw error
  }
}

async function keepRequest(
  services: AuthorizeServices,
  tenant: TenantContext,
  parameters: Parameters,
): Promise<Answer> {
  const clientId = parameters.get('client_id')
  if (clientId === undefined) throw new UntrustedRequestError('invalid_client', 'client_id is missing.')
  const client = await services.clientReads.clients.find(tenant.id, clientId)
  const address = readReturnAddress(parameters, client)
  try {
    const id = await atOneMoment(services, tenant, async (moment) => {
      const present = await services.clientReads.clients.find(tenant.id, clientId)
      if (present === undefined) throw new OauthError('access_denied', 'this application has just been removed')
      requireReached(moment, present.cutOff)
      const kept = await readAuthorization(services, tenant, present, parameters, moment)
      const requestId = randomBase62(32, services.randomBytes)
      const endsAt = moment.takenAt + serverLimits.authorizationSeconds
      await services.store.write(
        ({ singleUse }) => singleUse.keep(newRequestKind, tenant.id, requestId, kept, endsAt),
        {
          tenant: tenant.id,
        },
      )
      return requestId
    })
    return seeOther(`${tenant.issuer}/oauth/consent?request=${id}`)
  } catch (error) {
    const isStale = error instanceof StaleBookError
    if (!isStale && !(error instanceof OauthError)) throw error
    const told = isStale ? new OauthError('temporarily_unavailable', 'try again') : error
    return returnAnswer(await readFrame(services, tenant), address, { error: told })
  }
}

async function untrusted(
  services: AuthorizeServices,
  tenant: TenantContext,
  code: UntrustedRequestError['code'],
  detail: string,
): Promise<Answer> {
  const title = 'This application asked in a wrong way'
  const body = html`<div class="deed"><header><h1>${title}</h1><p>${detail}</p></header>
<section><p>Nothing was given to it, and you were not sent back. Tell those who run the application.</p></section></div>`
  return pageAnswer(await readFrame(services, tenant), { status: 400, title, error: code, body })
}

async function readFrame({ openness, store }: AuthorizeServices, tenant: TenantContext): Promise<Frame> {
  const name = (await store.read.tenants.find(tenant.id))?.name ?? ''
  return frameOf({ name, settings: await readSettings(store.read, tenant, openness), tenant })
}
