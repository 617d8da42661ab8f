/** One act at a time: sent once, its refusal kept to be shown, and what it changed read again. */
import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'

export interface Act {
  readonly isSending: boolean
  /** Why the last one did not succeed; `undefined` where it did. */
  readonly error: unknown
  /** Gives whether it succeeded. Does nothing while another is under way. */
  run(act: () => Promise<void>): Promise<boolean>
}

/** `reads`: the first words of the keys of the queries that the act changes. */
export function useAct(...reads: readonly string[]): Act {
  const queries = useQueryClient()
  const isBusy = useRef(false)
  const [state, setState] = useState<{ readonly isSending: boolean; readonly error: unknown }>({
    isSending: false,
    error: undefined,
  })
  return {
    ...state,
    async run(act) {
      if (isBusy.current) return false
      isBusy.current = true
      setState({ isSending: true, error: undefined })
      let error: unknown
      try {
        await act()
      } catch (problem) {
        error = problem
      }
      // Whether it was done or not: nobody knows after an answer that was lost.
      const read = queries.invalidateQueries({ predicate: ({ queryKey }) => reads.includes(String(queryKey[0])) })
      // A refusal is said at once: the server may not answer the reads either.
      if (error === undefined) await read
      isBusy.current = false
      setState({ isSending: false, error })
      return error === undefined
    },
  }
}
