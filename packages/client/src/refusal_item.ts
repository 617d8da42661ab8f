import type { Routes } from '@countersign/contract'
import type { z } from 'zod'

/** An example of a request that was refused. */
export interface RefusalItem {
  /** When it was, as text. */
  readonly at: string
  /** The id of the request, as its answer had it. */
  readonly requestId: string
  /** The key; empty where nobody knows the credential, and for a token that is none. */
  readonly keyId: string
  /** The client; empty where nobody knows it. */
  readonly clientId: string
  /** The HTTP method; absent where nobody said. */
  readonly method?: string
  /** The path of the operation as a template; absent where nobody said. */
  readonly route?: string
  /** The reason. */
  readonly code: string
  /** The scope tokens that it lacked. */
  readonly missingScope: string
  /** The scope that the request required. */
  readonly scope: string
  /** The address that it came from; absent where nobody said. */
  readonly address?: string
  /** The checks in the order in which they were made, as far as the code tells. */
  readonly checks: z.output<Routes['inspect']['answer']['schema']>['checks']
}
