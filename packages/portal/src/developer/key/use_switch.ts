/** Disabling at once, with Undo; enabling. Neither shows anything before the server has said it. */
import { useQueryClient } from '@tanstack/react-query'
import { call } from '../../shared/api/call.ts'
import { ApiProblem } from '../../shared/api/problem.ts'
import { keyReads } from '../../shared/api/queries.ts'
import { toasts } from '../../shared/kit/toasts.tsx'
import { text } from '../../shared/text.ts'

interface Switched {
  readonly id: string
  readonly name: string
}

export function useSwitch({ id, name }: Switched): { readonly disable: () => void; readonly enable: () => void } {
  const queries = useQueryClient()
  const turn = async (operation: 'disableKey' | 'enableKey'): Promise<void> => {
    try {
      await call(operation, { params: { id } })
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error
      toasts.add({ title: error.message })
      return
    } finally {
      await queries.invalidateQueries({ predicate: ({ queryKey }) => keyReads.some((first) => first === queryKey[0]) })
    }
    if (operation === 'enableKey') toasts.add({ title: text.act.enabled(name) })
    else
      toasts.add({
        title: text.act.disabled(name),
        actionProps: { children: text.act.undo, onClick: () => void turn('enableKey') },
      })
  }
  return { disable: () => void turn('disableKey'), enable: () => void turn('enableKey') }
}
