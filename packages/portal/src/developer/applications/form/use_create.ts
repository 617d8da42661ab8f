/** Sends the form. A retry after a lost answer finds what was made. */
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { attempts } from '../../../shared/api/attempts.ts'
import { call } from '../../../shared/api/call.ts'
import { toasts } from '../../../shared/kit/toasts.tsx'
import { secretOnce } from '../../../shared/secret_once.ts'
import { applicationsText as words } from '../../../shared/text/applications.ts'
import { useAct } from '../../../shared/use_act.ts'
import { showMade } from '../secret/show_secret.ts'
import type { CreateBody } from './body.ts'

interface Creating {
  readonly isSending: boolean
  readonly error: unknown
  /** The body that `error` is about. */
  readonly sent: CreateBody | undefined
  create(body: CreateBody): Promise<void>
}

export function useCreate(): Creating {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const { error, isSending, run } = useAct()
  const [sent, setSent] = useState<CreateBody>()
  return {
    isSending,
    error,
    sent,
    async create(body) {
      if (isSending) return
      setSent(body)
      await run(() =>
        secretOnce.during(async () => {
          const name = JSON.stringify(['application', body])
          const made = await attempts.send(
            name,
            () => body,
            (attempt) => call('createClient', attempt),
          )
          attempts.settle(name)
          await showMade(made, queries, navigate)
          if (made.clientSecret === undefined) toasts.add({ title: words.form.made(made.name) })
        }),
      )
    },
  }
}
