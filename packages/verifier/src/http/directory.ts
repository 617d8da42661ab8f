import type { ClientRecord, CredentialRecord, LookupAnswer, Place, PublicKeyRecord } from '@countersign/core'
import type { Directory } from '../directory.ts'
import type { HttpClient } from './client.ts'

/** A request waits for its look-up, so one that takes longer, in milliseconds, has failed. */
const lookUpMs = 900

/** Makes a directory over HTTP: each look-up is one round trip, which sends the digest and never the key, and fails after 0.9 s. */
export function createHttpDirectory(
  client: HttpClient,
  signal: AbortSignal,
  onProblem?: (problem: string) => void,
): Directory {
  async function lookUp<R>(question: object, place: Place): Promise<LookupAnswer<R>> {
    const { epoch, sequence } = place
    const asked = client.post('/v1/lookup', { ...question, epoch, sequence }, signal, lookUpMs)
    const answer = (await asked.catch((error: unknown) => {
      // The engine answers `unavailable` and says nothing.
      if (!signal.aborted) onProblem?.(error instanceof Error ? error.message : 'a look-up failed')
      throw error
    })) as {
      readonly record: R | null
      readonly place: Place
      readonly ageMs: number
    }
    return { ...answer, record: answer.record ?? undefined }
  }

  return {
    credential: (digest, place) => lookUp<CredentialRecord>({ digest }, place),
    publicKey: (clientId, kid, place) => lookUp<PublicKeyRecord>({ clientId, kid }, place),
    client: (clientId, place) => lookUp<ClientRecord>({ clientId }, place),
  }
}
