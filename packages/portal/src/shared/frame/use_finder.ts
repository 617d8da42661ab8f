/** Goes to a key by its id, or by the key itself, of which the id alone goes further, and to a refused request by its id. */
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { type Pasted, readPasted } from '../pasted_key.ts'
import { text } from '../text.ts'

interface Finder {
  /** Why nothing was found by the last text; `undefined` where something was, or nothing was looked for. */
  readonly wrong: string | undefined
  /** Gives whether it goes somewhere. The text may be a secret, and is kept nowhere. */
  find(text: string): boolean
  forget(): void
}

export function useFinder(): Finder {
  const navigate = useNavigate()
  const [wrong, setWrong] = useState<string>()
  return {
    wrong,
    find(written) {
      const found = readPasted(written.trim())
      setWrong(wrongOf(found))
      if (found === undefined || 'wrong' in found) return false
      if ('requestId' in found) void navigate({ to: '/refusals', search: { request: found.requestId } })
      else void navigate({ to: '/keys/$id', params: { id: found.id }, search: {} })
      return true
    },
    forget: () => setWrong(undefined),
  }
}

function wrongOf(found: Pasted): string | undefined {
  if (found === undefined) return text.search.unknown
  return 'wrong' in found ? text.search.wrongChecksum : undefined
}
