/** The credential that fits: why, what it costs at the API, and where it is made. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { type Api, apisQuery, meQuery } from '../../shared/api/queries.ts'
import { CodeBlock } from '../../shared/kit/code_block.tsx'
import { Filter } from '../../shared/kit/fields/filter.tsx'
import { Read } from '../../shared/kit/read.tsx'
import { may, mayWrite } from '../../shared/may_write.ts'
import { issuerUrl } from '../../shared/page_data.ts'
import { whichText as words } from '../../shared/text/which.ts'
import { ownFirst } from '../own_first.ts'
import { commandsOf, types } from './commands.ts'
import { costsOf } from './costs.ts'
import type { Caller, Credential, Decision } from './decide.ts'

const route = getRouteApi('/which')

interface FoundProps {
  readonly of: Decision
  readonly caller: Caller
}

export function Found({ of: { credential, reason }, caller }: FoundProps): ReactNode {
  const { api: wanted } = route.useSearch()
  const read = useQuery(apisQuery)
  return (
    <section className="card found" aria-labelledby="found">
      <header className="pad">
        <h2 id="found">
          <span className="quiet">{words.take}</span> {words.credentials[credential]}
        </h2>
        <p>{words.reasons[reason]}</p>
      </header>
      <Read of={read} rows={3} label={words.loading}>
        {({ data }) => {
          const apis = ownFirst(data)
          const api = apis.find(({ id }) => id === wanted) ?? apis[0]
          return api === undefined ? (
            <p className="pad quiet">
              {words.noApi}. {words.noApiDetail}
            </p>
          ) : (
            <>
              <CostList of={credential} api={api} apis={apis} />
              <Making of={credential} caller={caller} api={api} />
            </>
          )
        }}
      </Read>
    </section>
  )
}

interface CostListProps {
  readonly of: Credential
  readonly api: Api
  readonly apis: readonly Api[]
}

function CostList({ of: credential, api, apis }: CostListProps): ReactNode {
  const navigate = useNavigate({ from: '/which' })
  const costs = costsOf(credential, api)
  const choose = (id: string): void =>
    void navigate({ search: (before) => ({ ...before, api: id }), replace: true, resetScroll: false })
  return (
    <div className="pad">
      <h3>
        {words.costs} <span className="quiet">{words.atApi(api.name)}</span>
      </h3>
      {apis.length > 1 && (
        <Filter
          label={words.api}
          value={api.id}
          isOn={false}
          options={apis.map(({ id, name }) => [id, name] as const)}
          onChoose={choose}
        />
      )}
      <dl className="facts">
        <div>
          <dt>{words.lookUp}</dt>
          <dd>{words.lookUps[costs.isLookedUp ? 'once' : 'none']}</dd>
        </div>
        <div>
          <dt>{words.cut}</dt>
          <dd>
            {words.bound(costs.boundSeconds, costs.boundSecondsMax)} {costs.isReadElsewhere && words.elsewhere}
          </dd>
        </div>
        <div>
          <dt>{words.life}</dt>
          <dd>{words.lives[credential](costs.lifeSecondsMax ?? 0)}</dd>
        </div>
      </dl>
    </div>
  )
}

interface MakingProps {
  readonly of: Credential
  readonly caller: Caller
  readonly api: Api
}

function Making({ of: credential, caller, api }: MakingProps): ReactNode {
  const { data: me } = useQuery(meQuery)
  if (credential === 'api_key')
    return (
      <footer className="pad stack">
        {mayWrite(me) ? (
          <>
            <div>
              <Link className="button primary" to="/keys/new" search={{ audience: api.audience }}>
                {words.make}
              </Link>
            </div>
            <p className="note quiet">{words.makeFor}</p>
          </>
        ) : (
          <p className="quiet">{words.notYours}</p>
        )}
      </footer>
    )
  const isClient = credential === 'client_credentials' || credential === 'code'
  return (
    <footer className="pad stack">
      <h3>{words.how}</h3>
      {isClient && may(me, 'clients:write') && (
        <div>
          <Link
            className="button primary"
            to="/applications/new"
            search={{ type: credential === 'code' ? types[caller] : 'service' }}
          >
            {words.makeApplication}
          </Link>
        </div>
      )}
      <p>{words.byCommand[credential]}</p>
      <CodeBlock label={words.how} samples={{ [words.commands]: commandsOf(credential, caller, api, issuerUrl()) }} />
      {credential === 'code' && (
        <p>
          <a href={`${issuerUrl()}/.well-known/oauth-authorization-server`} target="_blank" rel="noreferrer">
            {words.endpoints}
          </a>
        </p>
      )}
    </footer>
  )
}
