/** Sends the form. A retry after a lost answer finds what was made: the same body goes with the same Idempotency-Key. */
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { call, newIdempotencyKey } from '../../shared/api/call.ts'
import { secretOnce } from '../../shared/secret_once.ts'
import { text } from '../../shared/text.ts'
import { type Choices, type Holder, newClientId } from './choose.ts'
import { bodyOf, type Draft } from './draft.ts'

interface Creating {
  readonly isSending: boolean
  readonly error: unknown
  create(draft: Draft, choices: Choices): Promise<void>
}

interface Attempt<B> {
  readonly body: B
  readonly idempotencyKey: string
}

export function useCreate(): Creating {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [isSending, setSending] = useState(false)
  const [error, setError] = useState<unknown>()
  const attempts = useRef(new Map<string, Attempt<unknown>>())

  /** The end in a body counts from its first attempt, so the body is kept as well. */
  function attemptOf<B>(of: readonly unknown[], make: () => B): Attempt<B> {
    const name = JSON.stringify(of)
    const attempt = (attempts.current.get(name) as Attempt<B>) ?? { body: make(), idempotencyKey: newIdempotencyKey() }
    attempts.current.set(name, attempt)
    return attempt
  }

  async function holderOf({ clientId, access, teamId, name }: Holder, team: string): Promise<string> {
    if (clientId !== newClientId) return clientId
    const attempt = attemptOf(['client', teamId, access], () => ({
      name: text.create.newClientName(team || name).slice(0, 200),
      type: 'service' as const,
      access: [...access],
      ...(teamId === undefined ? {} : { teamId }),
    }))
    const made = await call('createClient', attempt)
    return made.clientId
  }

  return {
    isSending,
    error,
    async create(draft, { holder, api, me }) {
      if (isSending || holder === undefined || api === undefined) return
      setSending(true)
      setError(undefined)
      try {
        const team = me.teams.find(({ id }) => id === holder.teamId)?.name ?? ''
        const chosen = { clientId: await holderOf(holder, team), audience: api.audience }
        const { key, id } = await call(
          'createKey',
          attemptOf(['key', draft, chosen], () => bodyOf(draft, chosen)),
        )
        secretOnce.hold({ id, text: key })
        void queries.invalidateQueries()
        await navigate({ to: '/keys/$id', params: { id }, search: { shown: 'once' }, replace: true })
      } catch (problem) {
        setError(problem)
      } finally {
        setSending(false)
      }
    },
  }
}
