import { parseKey } from '@countersign/core'
import { headerValues } from '../http/header.ts'
import type { HttpRequest } from '../http/request.ts'
import type { PresentedClient } from './client_authenticator.ts'
import { refused } from './client_failure.ts'
import { decodePart, type Form } from './form.ts'
import { OauthError } from './oauth_error.ts'

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Whether a request authenticates a client in any way. A `client_id` alone names one and proves nothing. */
export function presentsClient(request: HttpRequest, form: Form): boolean {
  const names = ['client_secret', 'client_assertion', 'client_assertion_type']
  return headerValues(request, 'authorization').length > 0 || names.some((name) => form.has(name))
}

/** RFC 6749 §2.3 and RFC 7523 §2.2: how this request authenticates its client. Two ways at once are `invalid_request`. */
export function readPresentedClient(request: HttpRequest, form: Form): PresentedClient {
  const authorization = headerValues(request, 'authorization')
  const ways = [
    authorization.length > 0,
    form.has('client_secret'),
    form.has('client_assertion') || form.has('client_assertion_type'),
  ]
  if (authorization.length > 1 || ways.filter(Boolean).length > 1) {
    throw new OauthError('invalid_request', 'use exactly one client authentication method')
  }
  if (ways[0]) return readBasic(authorization[0] as string, form)
  const clientId = notAKey(form.get('client_id'))
  if (ways[2]) return { method: 'private_key_jwt', clientId, assertion: readAssertion(form) }
  const secret = form.get('client_secret')
  if (clientId === undefined) throw refused()
  if (secret === undefined) return { method: 'none', clientId }
  return { method: 'client_secret_post', clientId, secret }
}

function readAssertion(form: Form): string {
  if (form.get('client_assertion_type') !== assertionType) {
    throw new OauthError('invalid_request', `client_assertion_type must be ${assertionType}`)
  }
  const assertion = form.get('client_assertion')
  if (assertion === undefined) throw new OauthError('invalid_request', 'client_assertion is missing')
  return assertion
}

/** RFC 6749 §2.3.1: both halves are form-encoded inside the Basic credentials; strict base64, decoded once. */
function readBasic(value: string, form: Form): PresentedClient {
  const match = /^basic +([A-Za-z0-9+/]{1,2048}={0,2})$/i.exec(value.trim())
  const decoded = match === null ? '' : Buffer.from(match[1] as string, 'base64').toString('latin1')
  const colon = decoded.indexOf(':')
  const isCanonical = match !== null && Buffer.from(decoded, 'latin1').toString('base64') === match[1]
  if (!isCanonical || colon < 1 || !/^[\x20-\x7e]+$/.test(decoded)) {
    const description = 'the Authorization header is not well-formed Basic credentials'
    throw new OauthError('invalid_client', description)
  }
  const clientId = notAKey(decodePart(decoded.slice(0, colon)))
  const named = form.get('client_id')
  if (named !== undefined && named !== clientId)
    throw new OauthError('invalid_request', 'client_id names another client')
  return { method: 'client_secret_basic', clientId, secret: decodePart(decoded.slice(colon + 1)) }
}

/** A key where a client id belongs is refused before anything keeps the name: it would be counted or logged by it. */
function notAKey<Name extends string | undefined>(clientId: Name): Name {
  if (clientId !== undefined && parseKey(clientId) !== undefined) throw refused()
  return clientId
}
