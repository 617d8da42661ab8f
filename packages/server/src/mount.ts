/** Which endpoint is where. */

import type { Services, TenantContext } from './context.ts'
import type { Mounted } from './http/dispatch.ts'
import type { MountedRoute } from './http/router.ts'
import { operations } from './management/index.ts'
import { createOpenapi } from './management/openapi.ts'
import { type Endpoint, preflightOfAnyOrigin, readableByPages } from './oauth/cors.ts'
import { introspect } from './oauth/introspect.ts'
import { jwks } from './oauth/jwks.ts'
import { createMetadata } from './oauth/metadata.ts'
import { userinfo } from './oauth/person/userinfo.ts'
import { revoke } from './oauth/revoke.ts'
import { token } from './oauth/token.ts'
import { wrongMethod } from './oauth/wrong_method.ts'
import { healthz, metrics, readyz } from './observe/health.ts'
import { startPage } from './observe/start_page.ts'
import { account } from './people/pages/account/account.ts'
import { authenticator } from './people/pages/account/authenticator.ts'
import { passkeys } from './people/pages/account/passkeys.ts'
import { password } from './people/pages/account/password.ts'
import { recoveryCodes } from './people/pages/account/recovery_codes.ts'
import { stepUp } from './people/pages/account/step_up.ts'
import { authorize } from './people/pages/authorize.ts'
import { clientLogout, postClientLogout } from './people/pages/client_logout.ts'
import { consent } from './people/pages/consent.ts'
import { errors } from './people/pages/errors.ts'
import { login } from './people/pages/login.ts'
import { loginLink } from './people/pages/login_link.ts'
import { logout } from './people/pages/logout.ts'
import { address } from './people/pages/mail_codes/address.ts'
import { invite } from './people/pages/mail_codes/invite.ts'
import { loginCode } from './people/pages/mail_codes/login_code.ts'
import { recover } from './people/pages/mail_codes/recover.ts'
import { signup } from './people/pages/mail_codes/signup.ts'
import { notThereYet } from './people/pages/not_there_yet.ts'
import { assets } from './people/pages/serve_asset.ts'
import { showPage } from './people/pages/show_page.ts'
import { portal } from './people/portal/page.ts'
import { assertions } from './verification/assertions.ts'
import { feed, feedPosition, feedSnapshot } from './verification/feed.ts'
import { feedRevocations } from './verification/feed_revocations.ts'
import { forwardAuth } from './verification/forward_auth.ts'
import { lookup } from './verification/lookup.ts'
import { verify } from './verification/verify.ts'

/** Every path there is. The standards' endpoints come first, then the hot routes, then the management operations. */
export function mount(services: Services): readonly MountedRoute<Mounted<TenantContext>>[] {
  const at = (
    method: string,
    path: string,
    answer: Mounted<TenantContext>['answer'],
    isRootOnly = false,
  ): MountedRoute<Mounted<TenantContext>> => ({
    method,
    path,
    endpoint: { answer, isRootOnly, route: path, answered: services.metrics.route(method, path) },
  })
  return [
    at('GET', '/', startPage),
    ...mountOauth(services, at),
    at('GET', '/healthz', healthz, true),
    at('GET', '/readyz', (tenant) => readyz(services, tenant), true),
    at('GET', '/metrics', (_, request) => metrics(services, request), true),

    ...mountPages(services, at),

    at('POST', '/v1/verify', (tenant, request) => verify(services, tenant, request)),
    at('POST', '/v1/lookup', (tenant, request) => lookup(services, tenant, request)),
    at('GET', '/v1/feed/snapshot', (tenant, request) => feedSnapshot(services, tenant, request)),
    at('GET', '/v1/feed', (tenant, request) => feed(services, tenant, request)),
    at('POST', '/v1/feed/position', (tenant, request) => feedPosition(services, tenant, request)),
    at('POST', '/v1/feed/revocations', (tenant, request) => feedRevocations(services, tenant, request)),
    at('POST', '/v1/assertions', (tenant, request) => assertions(services, tenant, request)),
    at('GET', '/v1/assertion-jwks', (tenant, request) => jwks(services, tenant, request, 'gateway_assertion')),
    at('ANY', '/v1/forward-auth', (tenant, request) => forwardAuth(services, tenant, request)),
    at('ANY', '/v1/forward-auth/*', (tenant, request) => forwardAuth(services, tenant, request)),

    ...operations.map((operation) =>
      at(
        operation.route.method,
        operation.route.path,
        (tenant, request, params) => operation.handle(services, tenant, request, params),
        operation.route.isDefaultTenantOnly === true,
      ),
    ),
  ]
}

type Answers = Mounted<TenantContext>['answer']

type At = (method: string, path: string, answer: Answers) => MountedRoute<Mounted<TenantContext>>

/** The standards' endpoints, and the documents that any page may read. */
function mountOauth(services: Services, at: At): readonly MountedRoute<Mounted<TenantContext>>[] {
  const metadata = createMetadata()
  const keys: Answers = (tenant, request) => jwks(services, tenant, request, 'access_token', 'id_token')
  const documents: Readonly<Record<string, Answers>> = {
    '/.well-known/oauth-authorization-server': metadata,
    '/.well-known/openid-configuration': metadata,
    '/oauth/jwks': keys,
    '/.well-known/jwks.json': keys,
    '/openapi.json': createOpenapi(services.version),
  }
  const forPages = (endpoint: Endpoint, methods = ['POST']) => readableByPages(services, methods, endpoint)
  return [
    ...Object.entries(documents).flatMap(([path, answer]) => [
      at('GET', path, answer),
      at('OPTIONS', path, preflightOfAnyOrigin),
    ]),
    ...['GET', 'POST'].map((method) =>
      at(method, '/oauth/authorize', (tenant, request) => authorize(services, tenant, request)),
    ),
    ...Object.entries({ '/oauth/token': token, '/oauth/revoke': revoke }).flatMap(([path, endpoint]) => [
      at(
        'POST',
        path,
        forPages((tenant, request) => endpoint(services, tenant, request)),
      ),
      at('ANY', path, forPages(wrongMethod('POST'))),
    ]),
    ...['GET', 'POST'].map((method) =>
      at(
        method,
        '/oauth/userinfo',
        forPages((tenant, request) => userinfo(services, tenant, request)),
      ),
    ),
    at('ANY', '/oauth/userinfo', forPages(wrongMethod('GET', 'POST'), ['GET', 'POST'])),
    at('POST', '/oauth/introspect', (tenant, request) => introspect(services, tenant, request)),
    at('ANY', '/oauth/introspect', wrongMethod('POST')),
  ]
}

/** HTML for people: a page a file. */
function mountPages(services: Services, at: At): readonly MountedRoute<Mounted<TenantContext>>[] {
  const pages = {
    '/account': account,
    '/account/address': address,
    '/account/authenticator': authenticator,
    '/account/passkeys': passkeys,
    '/account/password': password,
    '/account/recovery-codes': recoveryCodes,
    '/account/step-up': stepUp,
    '/login': login,
    '/login/code': loginCode,
    '/login/link': loginLink,
    '/logout': logout,
    '/oauth/consent': consent,
    '/invite': invite,
    '/recover': recover,
    '/signup': signup,
  }
  return [
    at('GET', '/oauth/logout', (tenant, request) => showPage(services, tenant, request, clientLogout)),
    at('POST', '/oauth/logout', postClientLogout),
    ...Object.entries(pages).flatMap(([path, page]) =>
      ['GET', 'POST'].map((method) => at(method, path, (tenant, request) => showPage(services, tenant, request, page))),
    ),
    ...['/portal', '/portal/*'].map((path) =>
      at('GET', path, (tenant, request) => showPage(services, tenant, request, portal)),
    ),
    at('GET', '/errors', (tenant) => errors(tenant, undefined)),
    at('GET', '/errors/{code}', (tenant, _, { code }) => errors(tenant, code)),
    at('GET', '/console', (tenant, request) => showPage(services, tenant, request, notThereYet)),
    at('GET', '/assets/*', (tenant, request) => assets(services, tenant, request)),
  ]
}
