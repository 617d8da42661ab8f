/** The first steps with the application, for its type and one of its APIs. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { apisQuery, type Client } from '../../shared/api/queries.ts'
import { CodeBlock } from '../../shared/kit/code_block.tsx'
import { Filter } from '../../shared/kit/fields/filter.tsx'
import { pageData } from '../../shared/page_data.ts'
import { applicationsText as words } from '../../shared/text/applications.ts'
import { startOf } from './quick_start_samples.ts'
import { signsPeopleIn } from './types.ts'
import { useNames } from './use_names.ts'

const route = getRouteApi('/applications/$clientId')
const { start } = words

export function QuickStart({ of: client }: { readonly of: Client }): ReactNode {
  const { api } = route.useSearch()
  const { data: apis } = useQuery(apisQuery)
  const { access } = client
  const chosen = access.find(({ audience }) => audience === api) ?? access[0]
  const callUrl = apis?.data.find(({ audience }) => audience === chosen?.audience)?.callUrl ?? undefined
  const samples = chosen && startOf(client, { ...chosen, callUrl, issuer: `${location.origin}${pageData.base}` })
  return (
    <section className="card pad stack" aria-labelledby="start">
      <h2 id="start">{start.title}</h2>
      {chosen === undefined && <p className="quiet">{start.noAccess}</p>}
      {chosen !== undefined && samples === undefined && <p className="quiet">{start.noRedirect}</p>}
      {chosen !== undefined && samples !== undefined && (
        <>
          <p className="quiet">{signsPeopleIn(client.type) ? start.people : start.own}</p>
          {access.length > 1 && <ApiChoice of={access} chosen={chosen.audience} />}
          <CodeBlock label={start.code} samples={samples} />
        </>
      )}
    </section>
  )
}

function ApiChoice({ of, chosen }: { readonly of: Client['access']; readonly chosen: string }): ReactNode {
  const navigate = useNavigate({ from: '/applications/$clientId' })
  const names = useNames()
  return (
    <div>
      <Filter
        label={start.api}
        value={chosen}
        isOn={false}
        options={of.map(({ audience }) => [audience, names.api(audience)])}
        onChoose={(api) => void navigate({ search: (now) => ({ ...now, api }), replace: true, resetScroll: false })}
      />
    </div>
  )
}
