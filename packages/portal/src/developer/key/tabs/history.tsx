/** Every change of the key: what, by whom, when, and how it was before. */
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { auditQuery, meQuery } from '../../../shared/api/queries.ts'
import { Read } from '../../../shared/kit/read.tsx'
import { Exactly } from '../../../shared/kit/time.tsx'
import { text } from '../../../shared/text.ts'
import { changesOf } from './changes.ts'

const { detail } = text

export function History({ keyId }: { readonly keyId: string }): ReactNode {
  const events = useQuery(auditQuery(keyId))
  const { data: me } = useQuery(meQuery)
  return (
    <section className="card pad" aria-labelledby="history">
      <h2 id="history">{detail.history}</h2>
      <Read of={events} rows={3} label={detail.history}>
        {({ data }) => (
          <ol className="history">
            {data.map(({ sequence, at, action, actor, before, after }) => (
              <li key={sequence}>
                <p>
                  <b>{detail.action[action as keyof typeof detail.action] ?? action}</b>{' '}
                  {detail.by(whoIs(actor, me?.subject))}
                </p>
                <p className="note quiet">
                  <Exactly at={at} />
                </p>
                {changesOf(before, after).map(([member, was, is]) => (
                  <p key={member} className="note">
                    {member}: <code>{was}</code> → <code>{is}</code>
                  </p>
                ))}
              </li>
            ))}
          </ol>
        )}
      </Read>
    </section>
  )
}

function whoIs(actor: unknown, self: string | undefined): string {
  const { kind, accountId, clientId } = actor as { readonly [member: string]: string | undefined }
  if (kind === 'system') return detail.system
  if (accountId !== undefined && accountId === self) return detail.you
  return accountId ?? clientId ?? ''
}
