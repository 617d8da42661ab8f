import type { CredentialRecord, LookupAnswer, Place, PublicKeyRecord } from '@countersign/core'
import type { Directory } from '../directory.ts'
import type { HttpClient } from './client.ts'

/** Makes a directory over HTTP: each look-up is one round trip, which sends the digest and never the key. */
export function createHttpDirectory(client: HttpClient, signal: AbortSignal): Directory {
  async function lookUp<R>(question: object, place: Place): Promise<LookupAnswer<R>> {
    const { epoch, sequence } = place
    const answer = (await client.post('/v1/lookup', { ...question, epoch, sequence }, signal)) as {
      readonly record: R | null
      readonly place: Place
      readonly ageMs: number
    }
    return { ...answer, record: answer.record ?? undefined }
  }

  return {
    credential: (digest, place) => lookUp<CredentialRecord>({ digest }, place),
    publicKey: (clientId, kid, place) => lookUp<PublicKeyRecord>({ clientId, kid }, place),
  }
}
