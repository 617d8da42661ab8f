/** Sends the form. A retry after a lost answer finds what was made. */
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { attempts } from '../../shared/api/attempts.ts'
import { call } from '../../shared/api/call.ts'
import { secretOnce } from '../../shared/secret_once.ts'
import { useAct } from '../../shared/use_act.ts'
import { showSecret } from '../show_secret.ts'
import type { Choices, Holder } from './choose.ts'
import { bodyOf, type Draft } from './draft.ts'
import { clientBodyOf } from './holders.ts'

interface Creating {
  readonly isSending: boolean
  readonly error: unknown
  create(draft: Draft, choices: Choices): Promise<void>
}

export function useCreate(): Creating {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const { error, isSending, run } = useAct()
  return {
    isSending,
    error,
    async create(draft, choices) {
      const { holder, api } = choices
      if (holder === undefined || api === undefined) return
      await run(() =>
        secretOnce.during(async () => {
          const names = {
            client: `client ${holder.clientId}`,
            key: JSON.stringify(['key', draft, holder.clientId, api.audience]),
          }
          const clientId = await clientIdOf(holder, choices, names.client)
          const made = await attempts.send(
            names.key,
            () => bodyOf(draft, { clientId, audience: api.audience }),
            (attempt) => call('createKey', attempt),
          )
          attempts.settle(names.client, names.key)
          await showSecret(made, queries, navigate)
        }),
      )
    },
  }
}

/** One that is yet to be made is kept until its key is there: a key that is refused makes no second client. */
async function clientIdOf(holder: Holder, { me }: Choices, attemptName: string): Promise<string> {
  const body = clientBodyOf(holder, me)
  if (body === undefined) return holder.clientId
  const { clientId } = await attempts.send(
    attemptName,
    () => body,
    (attempt) => call('createClient', attempt),
  )
  return clientId
}
