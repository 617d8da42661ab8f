/** A way to obtain a token: decides what it shall say, knows no HTTP, issues nothing itself. */
import type { Client } from '@countersign/store'
import type { Services, TenantContext } from '../../context.ts'
import type { Authority } from '../issuing_gate.ts'
import type { IssuingMoment } from '../issuing_moment.ts'
import type { TellingSignIn } from '../person/id_token.ts'
import type { IssueRequest } from '../token_issuer.ts'

/** A grant reads and counts. It writes only what is used up by it, in a transaction of its own. */
export type GrantServices = Pick<
  Services,
  'apis' | 'books' | 'clientReads' | 'failures' | 'issuerKeys' | 'metrics' | 'now' | 'refreshTokens' | 'store'
>

export interface TokenRequest {
  readonly tenant: TenantContext
  readonly moment: IssuingMoment
  readonly client: Client
  /** A client that has proved nothing. */
  readonly isPublic: boolean
  /** By which the client proved who it is. */
  readonly authority: Authority
  /** The id of the HTTP request, for the audit log. */
  readonly requestId: string
  /** The parameters of the form. Each comes once. */
  readonly parameters: ReadonlyMap<string, string>
  /** The address that asks, for the limit of failed proofs. */
  readonly address: string | undefined
}

/** A request in which no client has authenticated. */
export type Identifying = Omit<TokenRequest, 'client' | 'authority' | 'isPublic'>

export interface GrantDecision {
  readonly issue: IssueRequest
  /** Members of the answer beside RFC 6749 §5.1. */
  readonly answer?: Readonly<Record<string, string>>
  /** The sign-in that an ID token tells beside the access token. Default: there is none. */
  readonly idToken?: TellingSignIn
}

export interface GrantType {
  readonly name: string
  /** It uses up what is presented, so that the client must have proved itself before. Default false. */
  readonly usesUp?: true
  /** The thing that is presented proves enough, so that a public client may use it. Default false. */
  readonly isForPublic?: true
  /**
   * Finds the client by the grant's own proof, where the request has no client authentication. Throws `OauthError`. Absent:
   * clients must authenticate.
   */
  identify?(services: GrantServices, request: Identifying): Promise<Pick<TokenRequest, 'client' | 'authority'>>
  /** Throws `OauthError`. */
  decide(services: GrantServices, request: TokenRequest): Promise<GrantDecision>
}
