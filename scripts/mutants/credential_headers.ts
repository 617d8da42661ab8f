import type { Mutant } from './mutant.ts'

const gateway = ['packages/gateway/src/headers/credential_headers.test.ts']
const verifier = ['packages/verifier/src/credential_places.test.ts']

/** Headers that an API names for credentials: docs/protocol/credentials.md. */
export const credentialHeaders: readonly Mutant[] = [
  {
    id: 'HEADERS-1',
    what: 'a second credential in a named header is not noticed',
    file: 'packages/core/src/credential.ts',
    find: 'if (read !== missing) return invalid(oneCredential)',
    replace: '',
    tests: ['packages/core/src/credential.test.ts'],
  },
  {
    id: 'HEADERS-2',
    what: 'a credential in a named header goes on to the upstream',
    file: 'packages/gateway/src/headers/request.ts',
    find: 'if (places !== undefined && isPlace(folded, places) && holdsCredential(value)) continue',
    replace: '',
    tests: gateway,
  },
  {
    id: 'HEADERS-3',
    what: 'another spelling of a named header goes on to the upstream',
    file: 'packages/gateway/src/headers/request.ts',
    find: 'foldHeaderName(name) === foldedName',
    replace: 'name === foldedName',
    tests: gateway,
  },
  {
    id: 'HEADERS-4',
    what: 'a preflight takes a credential in a named header to the upstream',
    file: 'packages/gateway/src/pipeline.ts',
    find: 'places: placesNow(),',
    replace: 'places: undefined,',
    tests: gateway,
  },
  {
    id: 'HEADERS-5',
    what: 'a request that waited for its book is not read again',
    file: 'packages/verifier/src/credential_places.ts',
    find: 'if (placesNow() === places) return outcome',
    replace: 'if (placesNow() !== null) return outcome',
    tests: verifier,
  },
  {
    id: 'HEADERS-6',
    what: 'an empty list does not end the headers of a document',
    file: 'packages/verifier/src/credential_places.ts',
    find: 'places = headers === undefined ? atFirst : credentialPlaces(headers)',
    replace: 'places = headers === undefined ? atFirst : (credentialPlaces(headers) ?? atFirst)',
    tests: verifier,
  },
]
