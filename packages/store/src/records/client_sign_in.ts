/** How a client signs people in: one column of its row. */
import { isFlag, isText, listOf, oneOf, optional, shape } from '../check.ts'

/** The settings that the authorization endpoint goes by. */
export interface ClientSignIn {
  /** Compared by bytes (RFC 9700 §2.1); a native client's loopback URI may differ in its port. */
  readonly redirectUris: readonly string[]
  /** Its maker is known to the tenant: its name may be shown without a warning, and its consents are remembered. */
  readonly verified: boolean
  /** `skip`: the owner's own application, which asks nobody. */
  readonly consent: 'ask' | 'skip'
  /** A client that authenticates may do without PKCE where this is false. */
  readonly requirePkce: boolean
  /** A client that is neither native nor so gets no refresh token. Default false. */
  readonly offlineAccess?: boolean
  /** Compared by bytes; where people may be sent after they have signed out. Default: nowhere. */
  readonly postLogoutRedirectUris?: readonly string[]
  /** The algorithm of its ID tokens. Default RS256, as OpenID Connect requires. */
  readonly idTokenAlg?: string
}

export const isClientSignIn = shape<ClientSignIn>({
  redirectUris: listOf(isText),
  verified: isFlag,
  consent: oneOf({ ask: true, skip: true }),
  requirePkce: isFlag,
  offlineAccess: optional(isFlag),
  postLogoutRedirectUris: optional(listOf(isText)),
  idTokenAlg: optional(isText),
})
