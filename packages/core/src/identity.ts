/**
 * The names by which the feed speaks of objects (docs/protocol/feed.md §2). This file is the only place that decides
 * which object a credential is, and the only one that joins or splits ids: a new kind of credential or a new type of
 * object does not compile until it has its arm here, so that none can be issued that a revocation would miss.
 */
import type { CredentialKind } from './grant.ts'
import { limits } from './limits.ts'

/**
 * The type of an object that an entry is about. Types never share a map; the id is the full identity within its tenant.
 */
export type ObjectType =
  | 'tenant' // id: the tenant's own id
  | 'api' // api id
  | 'client' // client id
  | 'subject' // a subject that an operator named: whom keys and tokens speak for
  | 'account' // account id: a person
  | 'consent' // what an account allows one client: its id
  | 'family' // one run of tokens of a consent: its id
  | 'public_key' // client id, space, thumbprint: a key of a client that was removed
  | 'client_secret' // client id, space, secret id: a secret that was ended at once
  | 'key' // API key id
  | 'session' // id of a browser's session
  | 'opaque_token' // id of an opaque access token
  | 'token' // jti of a JWT we issued
  | 'client_token' // client id, space, jti: a self-issued JWT
  | 'issued_token' // client id, space, jti: a JWT we issued that nothing lists, as an operator names it
  | 'external_token' // `externalTokenId`: a JWT of another issuer
  | 'trusted_issuer' // issuer id: another issuer whose JWTs are taken
  | 'signing_key' // kid of one of our keys

/** One object of a tenant, by type and full id. The default is an object of any type. */
export interface Identity<T extends ObjectType = ObjectType> {
  /** The type of the object. */
  readonly type: T
  /** The full id, unique within tenant and type. */
  readonly id: string
}

/** `jwt`: the text carries its claims. `opaque`: the text is looked up. Both are access tokens. */
export type TokenFormat = 'jwt' | 'opaque'

/** The types of object that a credential can be. */
export type CredentialType = 'key' | 'token' | 'opaque_token' | 'client_token' | 'session' | 'external_token'

/** The members of an established credential that name it. */
export interface CredentialName {
  /** The kind of credential. */
  readonly kind: CredentialKind
  /** Tells a JWT of ours from an opaque token; says nothing of the other kinds. */
  readonly format: TokenFormat
  /** Key id, `jti`, opaque token id, or `externalTokenId`. */
  readonly credentialId: string
  /** The client that holds it. */
  readonly clientId: string
}

/** The object that a credential is in the feed: an entry about this identity is about this credential. */
export function credentialIdentity(credential: CredentialName): Identity<CredentialType> {
  const { kind, format, credentialId, clientId } = credential
  switch (kind) {
    case 'api_key':
      return { type: 'key', id: credentialId }
    case 'access_token':
      return tokenIdentity(format, credentialId)
    case 'self_issued_jwt':
      return { type: 'client_token', id: clientTokenId(clientId, credentialId) }
    case 'session':
      return { type: 'session', id: credentialId }
    case 'external_jwt':
      return { type: 'external_token', id: credentialId }
  }
}

const tokenTypes = { jwt: 'token', opaque: 'opaque_token' } as const satisfies Record<TokenFormat, CredentialType>

/** The beginning of every account id. No subject that anybody gives us may begin with it. */
export const accountIdPrefix = 'acct_'

/** The object by which everything that speaks for a subject is judged: an account, or a subject that an owner named. */
export function subjectIdentity(subject: string): Identity<'subject' | 'account'> {
  return { type: subject.startsWith(accountIdPrefix) ? 'account' : 'subject', id: subject }
}

/** The object that an access token of ours is, by its `jti` or opaque token id. */
export function tokenIdentity(format: TokenFormat, id: string): Identity<'token' | 'opaque_token'> {
  return { type: tokenTypes[format], id }
}

/** Whether an id names its object alone, or begins with the client whose object it is. */
const isOfClient = {
  tenant: false,
  api: false,
  client: false,
  subject: false,
  account: false,
  consent: false,
  family: false,
  public_key: true,
  client_secret: true,
  key: false,
  session: false,
  opaque_token: false,
  token: false,
  client_token: true,
  issued_token: true,
  external_token: false,
  trusted_issuer: false,
  signing_key: false,
} as const satisfies Record<ObjectType, boolean>

/** The types whose ids have two parts: the client's id and the object's own name. */
export type ClientObjectType = { [T in ObjectType]: (typeof isOfClient)[T] extends true ? T : never }[ObjectType]

/**
 * A client's own JWT by its `jti`. A `jti` may hold spaces and is therefore last; client ids are ours and hold none.
 */
export function clientTokenId(clientId: string, jti: string): string {
  return `${clientId} ${jti}`
}

/**
 * A JWT of ours by the pair of its client and its `jti`: an entry about the pair hits no other client's token, whatever
 * `jti` was named.
 */
export function issuedTokenId(clientId: string, jti: string): string {
  return `${clientId} ${jti}`
}

/**
 * A public key of a client, or of a trusted issuer, by its thumbprint (RFC 7638): a `kid` may be used again, a client's key
 * that was removed may not.
 */
export function publicKeyId(ownerId: string, thumbprint: string): string {
  return `${ownerId} ${thumbprint}`
}

/** The beginning of the id of every trusted issuer. */
export const issuerIdPrefix = 'issuer_'

/** A client’s secret by the id that its text shows. */
export function clientSecretId(clientId: string, secretId: string): string {
  return `${clientId} ${secretId}`
}

/** The two parts of an id that begins with its owner: whose it is, and its `jti`, thumbprint or secret id. */
export function splitClientObjectId(id: string): { readonly clientId: string; readonly name: string } {
  const space = id.indexOf(' ')
  return { clientId: id.slice(0, space), name: id.slice(space + 1) }
}

/** The object's own name without its client: of a self-issued JWT the `jti`, of an API key the key id. */
export function ownName({ type, id }: Identity): string {
  return isOfClient[type] ? splitClientObjectId(id).name : id
}

/**
 * An ancestor as `cs_lineage` names it: `key:…`, `jti:…` (a JWT of ours), `at:…` (opaque), `self:…` (self-issued), `ext:…`
 * (of another issuer), `session:…`; beside them `jwk:…`, `family:…` and `consent:…`.
 */
export type Ancestor = Identity<CredentialType | 'public_key' | 'consent' | 'family'>

/** Each type that an ancestor may have: a new one is one more line here, and a state whose members are those of `AncestorState`. */
const ancestorRules = {
  key: { prefix: 'key', isCounted: true },
  token: { prefix: 'jti', isCounted: true },
  opaque_token: { prefix: 'at', isCounted: true },
  client_token: { prefix: 'self', isCounted: true },
  session: { prefix: 'session', isCounted: true },
  external_token: { prefix: 'ext', isCounted: true },
  // Stands beside the JWT that it signed, of a client or of a trusted issuer.
  public_key: { prefix: 'jwk', isCounted: false },
  // Stand beside a token for a person: it came about by the one, within the other.
  family: { prefix: 'family', isCounted: false },
  consent: { prefix: 'consent', isCounted: false },
} as const satisfies Record<Ancestor['type'], { readonly prefix: string; readonly isCounted: boolean }>

/** The types that an ancestor may have. */
export const ancestorTypes = Object.freeze(Object.keys(ancestorRules)) as readonly Ancestor['type'][]

/** Whether a lineage is short enough: `limits.lineageMax` ancestors that count, and one of each type that does not. */
export function isLineageWithinLimit(lineage: readonly Ancestor[]): boolean {
  const beside = lineage.filter(({ type }) => !ancestorRules[type].isCounted)
  const isOneOfEach = new Set(beside.map(({ type }) => type)).size === beside.length
  return lineage.length - beside.length <= limits.lineageMax && isOneOfEach
}

/** The credential that another one was made from; `undefined` where it was made from none, as a token for a person is. */
export function parentOf(lineage: readonly Ancestor[]): Ancestor | undefined {
  const nearest = lineage[0]
  return nearest !== undefined && ancestorRules[nearest.type].isCounted ? nearest : undefined
}

/** An ancestor as it stands in `cs_lineage`: `key:0123456789AB`. */
export function formatAncestor(ancestor: Ancestor): string {
  return `${ancestorRules[ancestor.type].prefix}:${ancestor.id}`
}

/** The reverse; `undefined` for a type this version does not know, which refuses the token. */
export function parseAncestor(text: string): Ancestor | undefined {
  for (const type of ancestorTypes) {
    const { prefix } = ancestorRules[type]
    if (text.startsWith(`${prefix}:`)) return { type, id: text.slice(prefix.length + 1) }
  }
  return undefined
}
