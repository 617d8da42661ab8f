/** Reads are kept while the page is open. No answer with a secret in it ever comes here: such calls are made by hand. */
import { QueryClient } from '@tanstack/react-query'
import { ApiProblem } from './problem.ts'
import { sessionState } from './session_state.ts'

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // Whether this machine is on a network says nothing about a server beside it: each call is tried, and says itself that it failed.
      networkMode: 'always',
      staleTime: 5_000,
      retry: (count, error) => count < 2 && error instanceof ApiProblem && (error.status === 0 || error.status >= 500),
      retryDelay: (count) => 300 * 2 ** count,
      throwOnError: false,
    },
  },
})

// Once the account is signed in again, all that could not be read is.
sessionState.subscribe(() => {
  if (sessionState.now() === 'live') void queryClient.invalidateQueries()
})
