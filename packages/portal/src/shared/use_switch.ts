/** Disabling at once, with Undo; enabling. Neither shows anything before the server has said it. */
import { useQueryClient } from '@tanstack/react-query'
import { ApiProblem } from './api/problem.ts'
import { toasts } from './kit/toasts.tsx'
import { text } from './text.ts'

interface Switched {
  /** As people know the thing. */
  readonly name: string
  /** The first words of the keys of the queries that it changes. */
  readonly reads: readonly string[]
  readonly turn: (to: 'active' | 'disabled') => Promise<unknown>
}

export interface Switch {
  disable(): void
  enable(): void
}

export function useSwitch({ name, reads, turn }: Switched): Switch {
  const queries = useQueryClient()
  const to = async (status: 'active' | 'disabled'): Promise<void> => {
    try {
      await turn(status)
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error
      toasts.add({ title: error.message })
      return
    } finally {
      await queries.invalidateQueries({ predicate: ({ queryKey }) => reads.some((first) => first === queryKey[0]) })
    }
    if (status === 'active') toasts.add({ title: text.act.enabled(name) })
    else
      toasts.add({
        title: text.act.disabled(name),
        actionProps: { children: text.act.undo, onClick: () => void to('active') },
      })
  }
  return { disable: () => void to('disabled'), enable: () => void to('active') }
}
