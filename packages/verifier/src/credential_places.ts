/** The headers in which the callers of one API present credentials, as the API's entry in the feed says. */
import {
  andThen,
  type CredentialHeaders,
  type CredentialPlaces,
  credentialPlaces,
  type MaybePromise,
  type Rejection,
  readCredential,
} from '@countersign/core'
import type { StatusBook } from './book/status_book.ts'
import type { BookKeeper } from './book_keeper.ts'
import type { Engine } from './engine.ts'
import { type Outcome, rejected, unavailable } from './outcome.ts'
import { type Expected, questionOf, readAgain } from './request.ts'

/** Gives the places that the API names now; the same object until they change. */
export type PlacesNow = () => CredentialPlaces | undefined

/**
 * Follows the places of the API with this audience. `proposed` are header names that hold while nobody has set any at the
 * server: those of a gateway's own document. Default none.
 */
export function followPlaces(
  keeper: Pick<BookKeeper, 'book'>,
  audience: string,
  proposed?: readonly string[],
): PlacesNow {
  const atFirst = credentialPlaces(proposed)
  let read: StatusBook | undefined
  let version = 0
  let said: readonly string[] | undefined
  let places = atFirst
  return () => {
    const { book } = keeper
    // Every request comes here, and the book seldom changes.
    if (book === read && book?.version === version) return places
    read = book
    version = book?.version ?? 0
    const headers = book?.apiByAudience(audience)?.state.credentialHeaders
    if (headers === said) return places
    said = headers
    places = headers === undefined ? atFirst : credentialPlaces(headers)
    return places
  }
}

/** How one kind of runtime reads the header fields of a request. */
export interface FieldReader<Fields> {
  /** The fields in which credentials are read, with those of the places. */
  readonly credentials: (fields: Fields, places: CredentialPlaces | undefined) => CredentialHeaders
  /** The names of all fields. */
  readonly names: (fields: Fields) => readonly string[]
}

/** The parts of a verifier by which requests are judged. */
export interface Judge {
  readonly engine: Engine
  readonly keeper: BookKeeper
  readonly placesNow: PlacesNow
}

/** Judges a request by its one credential, wherever its API says that it may be. */
export function judgeRequest<Fields>(
  judge: Judge,
  reader: FieldReader<Fields>,
  fields: Fields,
  expected: Expected,
): MaybePromise<Outcome> {
  const { engine, keeper, placesNow } = judge
  const places = placesNow()
  const question = questionOf(reader.credentials(fields, places), expected)
  if ('rejection' in question) {
    const { rejection } = question
    if (keeper.book !== undefined || !mayBeElsewhere(reader, fields, rejection)) return rejected(rejection)
    // Before the first book nobody can tell which headers the API names.
    return andThen(keeper.refresh(), () =>
      keeper.book === undefined ? unavailable : judgeRequest(judge, reader, fields, expected),
    )
  }
  const answer = engine.verify(question)
  if (!(answer instanceof Promise)) return answer
  return answer.then((outcome) => {
    if (placesNow() === places) return outcome
    const rejection = readAgain(reader.credentials(fields, placesNow()), question)
    return rejection === undefined ? outcome : rejected(rejection)
  })
}

/** Whether any field at all of a request without a credential has the shape of one. */
function mayBeElsewhere<Fields>(
  { credentials, names }: FieldReader<Fields>,
  fields: Fields,
  { code }: Rejection,
): boolean {
  if (code !== 'missing_credential') return false
  const read = readCredential(credentials(fields, credentialPlaces(names(fields))))
  return !('rejection' in read) || read.rejection.code !== 'missing_credential'
}
