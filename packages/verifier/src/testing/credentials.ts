import {
  type Constraints,
  type Environment,
  formatScope,
  type Limited,
  type Metadata,
  readScope,
  type ScopeInput,
  type Seconds,
  type Status,
} from '@countersign/core'
import type { Authority } from './authority.ts'
import { clientId as exampleClientId } from './records.ts'

/** The options of a credential. `ipAllow`, `originAllow`, `rateLimit` and `rateLimits` bind it. */
export interface TestCredentialOptions extends Constraints, Limited {
  /** Default: an empty scope, which meets no requirement that names one. */
  readonly scope?: ScopeInput
  /** In seconds since the epoch. Default: keys and opaque tokens have no end, JWTs end in an hour. */
  readonly expiresAt?: Seconds
  /** Default `client_1`. */
  readonly clientId?: string
  /** For whom it speaks. Default: the client itself. */
  readonly subject?: string
  /** Default `live`. */
  readonly environment?: Environment
  /** Default none. */
  readonly metadata?: Metadata
}

/** A change of a credential after its issue. A member that is absent stays as it is. */
export interface TestCredentialChanges {
  /** The new scope, narrower or wider than before. */
  readonly scope?: ScopeInput
  /** An end in seconds since the epoch; for a JWT no later than its signed one. */
  readonly expiresAt?: Seconds
  /** `true` refuses the credential until it is `false` again. */
  readonly isDisabled?: boolean
}

/** A credential that a test issuer made. */
export interface TestCredential {
  /** The text that a request presents. */
  readonly text: string
  /** `credentialId` of its grant. */
  readonly id: string
}

/** A credential and its present state. */
interface Issued {
  readonly type: 'key' | 'opaque_token' | 'token'
  readonly bounds: Constraints & Limited
  readonly state: State
}

interface State {
  readonly status: Status
  readonly scope: string
  readonly expiresAt?: Seconds
}

/** Makes credentials, and says what becomes of them. */
export class TestCredentials {
  readonly #authority: Authority
  readonly #issued = new Map<string, Issued>()

  constructor(authority: Authority) {
    this.#authority = authority
  }

  /** An API key, or an opaque token: both are looked up. */
  make(type: 'key' | 'opaque_token', options: TestCredentialOptions): TestCredential {
    const { clientId = exampleClientId, subject = clientId, environment = 'live', metadata = {} } = options
    const { bounds, state } = readOptions(options)
    const kind = type === 'key' ? 'api_key' : 'access_token'
    const who = { kind, clientId, subject, environment, metadata } as const
    const credential = this.#authority.issueKey({ ...who, ...bounds, ...state, access: state.scope })
    this.#issued.set(credential.text, { type, bounds, state })
    return credential
  }

  async makeJwt(options: TestCredentialOptions): Promise<TestCredential> {
    const { clientId = exampleClientId, subject = clientId, environment = 'live', metadata = {} } = options
    const { bounds, state } = readOptions(options)
    const { ipAllow, originAllow, ...limited } = bounds
    const isBound = ipAllow !== undefined || originAllow !== undefined
    const id = crypto.randomUUID()
    const text = await this.#authority.issueJwt({
      jti: id,
      clientId,
      subject,
      environment,
      metadata,
      ...limited,
      scope: state.scope.split(' ').filter((token) => token !== ''),
      ...(state.expiresAt === undefined ? {} : { expiresAt: state.expiresAt }),
      ...(isBound ? { constraints: [bounds] } : {}),
    })
    this.#issued.set(text, { type: 'token', bounds, state })
    return { text, id }
  }

  change(credential: TestCredential, changes: TestCredentialChanges): void {
    const { state } = this.#find(credential)
    const { scope, expiresAt, isDisabled } = changes
    if (state.status === 'revoked') throw new TypeError('a revoked credential cannot be changed')
    this.#say(credential, {
      ...state,
      ...(scope === undefined ? {} : { scope: requireScope(scope) }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...(isDisabled === undefined ? {} : { status: isDisabled ? 'disabled' : 'active' }),
    })
  }

  revoke(credential: TestCredential): void {
    this.#say(credential, { ...this.#find(credential).state, status: 'revoked' })
  }

  #find({ text }: TestCredential): Issued {
    const issued = this.#issued.get(text)
    if (issued === undefined) throw new TypeError('this test issuer did not make that credential')
    return issued
  }

  #say(credential: TestCredential, state: State): void {
    const { type, bounds } = this.#find(credential)
    const { text, id } = credential
    this.#issued.set(text, { type, bounds, state })
    if (type === 'token') {
      this.#authority.say('token', id, state)
      return
    }
    this.#authority.change(text, { ...state, access: state.scope })
    if (type === 'key') this.#authority.say('key', id, { ...bounds, ...state })
    else this.#authority.say('opaque_token', id, state)
  }
}

function readOptions(options: TestCredentialOptions): Pick<Issued, 'bounds' | 'state'> {
  const { scope = '', expiresAt, ipAllow, originAllow, rateLimit, rateLimits } = options
  const state = { status: 'active', scope: requireScope(scope) } as const
  return {
    bounds: {
      ...(ipAllow === undefined ? {} : { ipAllow }),
      ...(originAllow === undefined ? {} : { originAllow }),
      ...(rateLimit === undefined ? {} : { rateLimit }),
      ...(rateLimits === undefined ? {} : { rateLimits }),
    },
    state: expiresAt === undefined ? state : { ...state, expiresAt },
  }
}

function requireScope(input: ScopeInput): string {
  const read = readScope(input)
  if ('problem' in read) throw new TypeError(read.problem)
  return formatScope(read.scope)
}
