/** A way to obtain a token: decides what it shall say, knows no HTTP, issues nothing itself. */
import type { Client } from '@countersign/store'
import type { Services, TenantContext } from '../../context.ts'
import type { Authority } from '../issuing_gate.ts'
import type { IssuingMoment } from '../issuing_moment.ts'
import type { IssueRequest } from '../token_issuer.ts'

/** A grant reads and counts. It writes nothing. */
export type GrantServices = Pick<Services, 'apis' | 'books' | 'metrics' | 'now' | 'store'>

export interface TokenRequest {
  readonly tenant: TenantContext
  readonly moment: IssuingMoment
  readonly client: Client
  /** By which the client proved who it is. */
  readonly authority: Authority
  /** The parameters of the form. Each comes once. */
  readonly parameters: ReadonlyMap<string, string>
}

export interface GrantDecision {
  readonly issue: IssueRequest
  /** Members of the answer beside RFC 6749 §5.1. */
  readonly answer?: Readonly<Record<string, string>>
}

export interface GrantType {
  readonly name: string
  /** Throws `OauthError`. */
  decide(services: GrantServices, request: TokenRequest): Promise<GrantDecision>
}
