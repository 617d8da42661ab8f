/**
 * Reads a credential and its ancestors again inside a writing transaction, from rows and the feed's entries
 * (docs/security/invariants.md §11).
 */
import {
  type Identity,
  issuerIdPrefix,
  parseScope,
  type Scope,
  type Seconds,
  splitClientObjectId,
} from '@countersign/core'
import type { WriteTransaction } from '@countersign/store'

export interface LineageAgain {
  /** The scopes that a change set, or that a key has; nothing made from them has more. */
  readonly scopes: readonly Scope[]
  /** The earliest end of all; infinite without one. */
  readonly endsAt: Seconds
}

/** `undefined` when one of them is revoked, disabled, at its end or, a key, not there. */
export async function readLineageAgain(
  transaction: WriteTransaction,
  tenant: string,
  lineage: readonly Identity[],
  now: Seconds,
): Promise<LineageAgain | undefined> {
  const scopes: Scope[] = []
  let endsAt = Number.POSITIVE_INFINITY
  for (const { type, id } of lineage) {
    const states = await statesOf(transaction, tenant, { type, id })
    if (states === undefined) return undefined
    for (const { status, scope, expiresAt = Number.POSITIVE_INFINITY } of states) {
      if (status !== 'active' || now >= expiresAt) return undefined
      if (scope !== undefined) scopes.push(parseScope(scope))
      endsAt = Math.min(endsAt, expiresAt)
    }
  }
  return { scopes, endsAt }
}

interface State {
  readonly status: string
  readonly scope?: string | undefined
  readonly expiresAt?: Seconds | undefined
}

/** The revocation of a client changes the rows of its keys and tokens without an entry for each. */
async function statesOf(
  transaction: WriteTransaction,
  tenant: string,
  { type, id }: Identity,
): Promise<readonly State[] | undefined> {
  const entry = await transaction.statusEntries.find(tenant, type, id)
  const said = entry === undefined ? [] : [entry.state as State]
  switch (type) {
    case 'key': {
      const key = await transaction.keys.find(tenant, id)
      return key && [...said, key]
    }
    case 'token':
    case 'opaque_token': {
      const token = await transaction.tokens.find(tenant, id)
      return token === undefined ? said : [...said, token]
    }
    case 'session': {
      const session = await transaction.sessions.find(tenant, id)
      return session && [...said, { status: session.status, expiresAt: session.expiresAt }]
    }
    case 'public_key':
      return id.startsWith(issuerIdPrefix) ? issuerKeyStates(transaction, tenant, id) : said
    // No rows but the entry itself, or rows that a caller reads by other means.
    case 'tenant':
    case 'api':
    case 'client':
    case 'subject':
    case 'account':
    case 'consent':
    case 'family':
    case 'client_secret':
    case 'client_token':
    case 'issued_token':
    case 'external_token':
    case 'trusted_issuer':
    case 'signing_key':
      return said
  }
}

/** The key of a trusted issuer, which is there while the issuer has it. */
async function issuerKeyStates(
  transaction: WriteTransaction,
  tenant: string,
  id: string,
): Promise<readonly State[] | undefined> {
  const { clientId: issuerId, name: thumbprint } = splitClientObjectId(id)
  const issuer = await transaction.issuers.find(tenant, issuerId)
  const isThere = issuer?.keys.some((key) => key.thumbprint === thumbprint) === true
  return isThere ? [{ status: issuer.status }] : undefined
}
