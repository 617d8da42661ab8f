/** Reads are kept while the page is open. No answer with a secret in it ever comes here: such calls are made by hand. */
import { QueryClient } from '@tanstack/react-query'
import { ApiProblem } from './problem.ts'

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (count, error) => count < 2 && error instanceof ApiProblem && (error.status === 0 || error.status >= 500),
      retryDelay: (count) => 300 * 2 ** count,
      throwOnError: false,
    },
  },
})
