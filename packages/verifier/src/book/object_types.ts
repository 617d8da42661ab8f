/** Properties of the feed's types of object, as a book needs them. */
import type { ObjectType } from '@countersign/core'

/** The letter of each type among the packed revocations. */
export const tags: Readonly<Record<ObjectType, string>> = {
  tenant: 'T',
  api: 'A',
  client: 'C',
  subject: 'U',
  account: 'N',
  consent: 'Q',
  family: 'F',
  public_key: 'P',
  client_secret: 'X',
  key: 'K',
  session: 'E',
  opaque_token: 'O',
  token: 'J',
  client_token: 'S',
  issued_token: 'I',
  external_token: 'E',
  trusted_issuer: 'R',
  signing_key: 'G',
}

/**
 * Whether looked-up records are made from objects of a type. A cached record may be `recordLifeSeconds` older than the
 * entry.
 */
export const isLookedUp: Readonly<Record<ObjectType, boolean>> = {
  tenant: false,
  api: true,
  client: true,
  subject: false,
  account: false,
  consent: false,
  family: false,
  public_key: true,
  client_secret: false,
  key: true,
  session: true,
  opaque_token: true,
  token: false,
  client_token: false,
  issued_token: false,
  external_token: false,
  trusted_issuer: false,
  signing_key: false,
}
