/** A way to obtain a token: decides what it shall say, knows no HTTP, issues nothing itself. */
import type { Client } from '@countersign/store'
import type { Services, TenantContext } from '../services/services.ts'
import type { IssueRequest } from '../services/token_issuer.ts'

export interface TokenRequest {
  readonly tenant: TenantContext
  readonly client: Client
  /** Of the form, each once. */
  readonly parameters: ReadonlyMap<string, string>
  readonly now: number
}

export interface GrantDecision {
  readonly issue: IssueRequest
  /** Members of the answer beside RFC 6749 §5.1. */
  readonly answer?: Readonly<Record<string, string>>
}

export interface GrantType {
  readonly name: string
  /** Throws `OauthError`. */
  decide(services: Services, request: TokenRequest): Promise<GrantDecision>
}
