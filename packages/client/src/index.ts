/** For callers and operators: get and renew tokens, sign your own, manage a tenant. */
export type { LocalErrorCode } from './api_error.ts'
export { ApiError } from './api_error.ts'
export type { ClientCredentials } from './client_authentication.ts'
export type { ExchangeTokenOptions } from './exchange_token.ts'
export { exchangeToken } from './exchange_token.ts'
export type { GetTokenOptions } from './get_token.ts'
export { getToken } from './get_token.ts'
export type {
  Answer,
  AuditItem,
  Body,
  Input,
  ListId,
  ListItem,
  ManagementClient,
  ManagementClientOptions,
  Query,
} from './management_client.ts'
export { createManagementClient } from './management_client.ts'
export type { RefusalItem } from './refusal_item.ts'
export type { TokenAnswer } from './request_token.ts'
export type { ServerSignIn, ServerSignInOptions } from './server_sign_in.ts'
export { createServerSignIn } from './server_sign_in.ts'
export type { IdTokenClaims } from './sign_in/id_token.ts'
export type { Pending, SignInWishes } from './sign_in/request.ts'
export type { TokenSet } from './sign_in/token_set.ts'
export type { OwnJwt } from './sign_own_jwt.ts'
export { signOwnJwt } from './sign_own_jwt.ts'
export type { TokenSource, TokenSourceOptions } from './token_source.ts'
export { createTokenSource } from './token_source.ts'
