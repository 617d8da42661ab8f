/** The ceiling of a team, and what it asks for beyond it. */
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../../shared/api/call.ts'
import { type AccessRequest, accessRequestsQuery, apisQuery, type Team } from '../../shared/api/queries.ts'
import { Problem } from '../../shared/kit/problem.tsx'
import { Status, type StatusKind } from '../../shared/kit/status.tsx'
import { Tags } from '../../shared/kit/tags.tsx'
import { Ago } from '../../shared/kit/time.tsx'
import { team as teamText } from '../../shared/text/team.ts'
import { onDate } from '../../shared/time.ts'
import { useAct } from '../../shared/use_act.ts'
import { AskForMore } from './ask_for_more.tsx'

const { access } = teamText

interface AccessProps {
  readonly of: Team
  /** The team is shown as it was before. */
  readonly isStale: boolean
  readonly mayAsk: boolean
}

export function Access({ of: team, isStale, mayAsk }: AccessProps): ReactNode {
  const { data: apis } = useQuery(apisQuery)
  const nameOf = (audience: string): string => apis?.data.find((api) => api.audience === audience)?.name ?? audience
  return (
    <section className="card pad stack" aria-labelledby="access">
      <h2 id="access">{access.title}</h2>
      <p className="quiet">{access.lead}</p>
      {team.access.length === 0 && <p>{access.nothing}</p>}
      <ul className="lines">
        {team.access.map(({ audience, scope }) => (
          <li key={audience}>
            <span>{nameOf(audience)}</span>
            <Tags scope={scope} />
          </li>
        ))}
      </ul>
      {mayAsk && <AskForMore of={team} isStale={isStale} />}
      <Requests teamId={team.id} mayAsk={mayAsk} nameOf={nameOf} />
    </section>
  )
}

interface RequestsProps {
  readonly teamId: string
  readonly mayAsk: boolean
  readonly nameOf: (audience: string) => string
}

function Requests({ teamId, mayAsk, nameOf }: RequestsProps): ReactNode {
  const { data, error, refetch } = useQuery(accessRequestsQuery(teamId))
  const act = useAct('access requests')
  if (data === undefined) return error === null ? null : <Problem error={error} onRetry={() => void refetch()} />
  if (data.data.length === 0) return null
  const withdraw = (id: string): void =>
    void act.run(async () => {
      await call('withdrawAccessRequest', { params: { id }, body: {} })
    })
  return (
    <>
      <h3>{access.requests}</h3>
      {act.error !== undefined && <Problem error={act.error} />}
      <ul className="lines requests">
        {data.data.map((request) => (
          <li key={request.id}>
            <Asked of={request} api={nameOf(request.audience)} />
            {mayAsk && request.status === 'pending' && (
              <button
                className="button bare"
                type="button"
                aria-label={access.withdrawFor(request.scope)}
                disabled={act.isSending || error !== null}
                onClick={() => withdraw(request.id)}
              >
                {access.withdraw}
              </button>
            )}
          </li>
        ))}
      </ul>
    </>
  )
}

const kinds: { readonly [State in AccessRequest['status']]: StatusKind } = {
  pending: 'rolling',
  approved: 'active',
  refused: 'revoked',
  withdrawn: 'disabled',
  ended: 'expired',
}

function Asked({ of: request, api }: { readonly of: AccessRequest; readonly api: string }): ReactNode {
  const { scope, reason, status, given, refusal, createdAt } = request
  const until = given?.until ?? request.until
  return (
    <div className="stack">
      <div className="tags">
        <Status
          kind={kinds[status]}
          word={access.status[status]}
          {...(until === null ? {} : { small: access.givenUntil(onDate(until)) })}
        />
        <Tags scope={scope} />
      </div>
      {given !== null && given.scope !== scope && <p>{access.less(given.scope)}</p>}
      <p className="quiet">
        {api} · <Ago at={createdAt} /> · {reason}
      </p>
      {refusal !== null && <p>{refusal}</p>}
    </div>
  )
}
