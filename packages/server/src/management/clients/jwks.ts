/** The public keys of a client, as operations on clients take and replace them. */
import { JwkError, jwkThumbprint, parseJwks, publicJwk, publicKeyId } from '@countersign/core'
import type { Client, ClientJwk } from '@countersign/store'
import { ProblemError } from '../../http/problem.ts'
import type { WriteContext } from '../context.ts'
import { invalid } from '../find.ts'

/** Each key with its one algorithm, fixed here. Private members, weak keys and a `kid` twice are refused. */
export async function insertJwks(
  context: WriteContext,
  client: Client,
  jwks: { readonly keys: readonly object[] },
): Promise<readonly ClientJwk[]> {
  const { now, transaction } = context
  const keys: ClientJwk[] = []
  for (const [index, jwk] of jwks.keys.entries()) {
    const { kid, alg } = readRegisteredJwk(jwks, index)
    const shown = publicJwk(jwk)
    const thumbprint = await jwkThumbprint(shown)
    const revoked = await transaction.statusEntries.find(
      client.tenant,
      'public_key',
      publicKeyId(client.id, thumbprint),
    )
    if (revoked !== undefined)
      throw new ProblemError(
        409,
        'revoked',
        `The key /jwks/keys/${index} was removed from this client before; make a new one.`,
      )
    const record = {
      tenant: client.tenant,
      clientId: client.id,
      kid,
      thumbprint,
      alg,
      publicJwk: { ...shown },
      createdAt: Math.floor(now),
    }
    await transaction.clients.insertJwk(record)
    keys.push(record)
  }
  return keys
}

function readRegisteredJwk(
  jwks: { readonly keys: readonly object[] },
  index: number,
): { readonly kid: string; readonly alg: string } {
  try {
    const { keys, refused } = parseJwks(jwks, { purpose: ['self_issued_jwt', 'client_assertion'] })
    const broken = refused[0]
    if (broken !== undefined) throw invalid(`/jwks/keys/${broken.index}`, broken.error.message)
    const key = keys[index]
    if (key?.kid === undefined) throw invalid(`/jwks/keys/${index}`, 'must have a kid')
    return { kid: key.kid, alg: key.alg }
  } catch (error) {
    if (error instanceof JwkError) throw invalid('/jwks', error.message)
    throw error
  }
}

/** The set as it shall be. What is not in it any more is revoked by its thumbprint, what it signed too. */
export async function replaceJwks(
  context: WriteContext,
  client: Client,
  jwks: { readonly keys: readonly object[] },
): Promise<readonly ClientJwk[]> {
  const { transaction } = context
  const before = await transaction.clients.jwks(client.tenant, client.id)
  for (const { kid } of before) await transaction.clients.deleteJwk(client.tenant, client.id, kid)
  const kept = new Set((await insertJwks(context, client, jwks)).map(({ thumbprint }) => thumbprint))
  return before.filter(({ thumbprint }) => !kept.has(thumbprint))
}
