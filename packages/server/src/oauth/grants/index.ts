import { authorizationCode } from './authorization_code.ts'
import { clientCredentials } from './client_credentials.ts'
import type { GrantType } from './grant_type.ts'
import { jwtBearer } from './jwt_bearer.ts'
import { refreshToken } from './refresh_token.ts'
import { tokenExchange } from './token_exchange.ts'

/** Every `grant_type` there is, by its wire word. */
export const grantTypes: ReadonlyMap<string, GrantType> = new Map(
  [authorizationCode, refreshToken, clientCredentials, tokenExchange, jwtBearer].map((grantType) => [
    grantType.name,
    grantType,
  ]),
)
