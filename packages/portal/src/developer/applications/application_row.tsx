import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Client } from '../../shared/api/queries.ts'
import { applicationsText as words } from '../../shared/text/applications.ts'
import { ago } from '../../shared/time.ts'
import { ApplicationMenu } from './application_menu.tsx'
import { ApplicationStatus } from './application_status.tsx'
import { secretsNow } from './secret/secrets_now.ts'
import { hasSecret } from './types.ts'
import type { useNames } from './use_names.ts'

interface ApplicationRowProps {
  readonly of: Client
  readonly names: ReturnType<typeof useNames>
  readonly isStale: boolean
}

export function ApplicationRow({ of: client, names, isStale }: ApplicationRowProps): ReactNode {
  const { columns } = words
  const { access, clientId, name, teamId, type } = client
  return (
    <tr data-application={clientId}>
      <th scope="row">
        <Link className="name" to="/applications/$clientId" params={{ clientId }} search={{}}>
          {name}
        </Link>
        <code className="id" data-id={clientId}>
          {clientId}
        </code>
      </th>
      <td className="stat" data-label={columns.status}>
        <ApplicationStatus of={client} />
      </td>
      <td data-label={columns.type}>{words.types[type]}</td>
      <td data-label={columns.may}>
        {access.length === 0 ? (
          <span className="quiet">{words.noApi}</span>
        ) : (
          access.map(({ audience }) => names.api(audience)).join(', ')
        )}
      </td>
      <td className="when" data-label={columns.team}>
        {names.team(teamId)}
      </td>
      <td className="when" data-label={columns.secrets}>
        <Secrets of={client} />
      </td>
      <td className="menu">
        <ApplicationMenu of={client} isStale={isStale} />
      </td>
    </tr>
  )
}

function Secrets({ of: { secrets, type } }: { readonly of: Client }): ReactNode {
  if (!hasSecret(type)) return <span className="quiet">{words.hasNone}</span>
  const { working, nextEnd } = secretsNow(secrets)
  return (
    <>
      {working.length === 0 ? <span className="quiet">{words.none_}</span> : words.secretCount(working.length)}
      {nextEnd !== undefined && <small>{words.nextEnd(working.length, ago(nextEnd))}</small>}
    </>
  )
}
