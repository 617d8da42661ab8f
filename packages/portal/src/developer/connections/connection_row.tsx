import type { ReactNode } from 'react'
import type { Api, Connection } from '../../shared/api/queries.ts'
import { Status } from '../../shared/kit/status.tsx'
import { Tags } from '../../shared/kit/tags.tsx'
import { Ago } from '../../shared/kit/time.tsx'
import { connections } from '../../shared/text/connections.ts'

interface ConnectionRowProps {
  readonly of: Connection
  /** `undefined` where the API is out of reach. */
  readonly api: Api | undefined
  readonly isStale: boolean
  readonly onRemove: () => void
}

export function ConnectionRow({ of, api, isStale, onRemove }: ConnectionRowProps): ReactNode {
  const { columns } = connections
  const { name, verified, homepageUri } = of.client
  return (
    <tr data-connection={of.id}>
      <th scope="row">
        {homepageUri === null ? (
          <span className="name">{name}</span>
        ) : (
          <a className="name" href={homepageUri} rel="noreferrer" target="_blank">
            {name}
          </a>
        )}
        {verified ? (
          <Status kind="active" word={connections.verified} />
        ) : (
          <Status kind="ends" word={connections.unverified} />
        )}
      </th>
      <td data-label={columns.may}>{of.scope === '' ? connections.identity : <Tags scope={of.scope} shown={3} />}</td>
      <td data-label={columns.api}>{api?.name ?? of.audience}</td>
      <td className="when" data-label={columns.used}>
        <Ago at={of.lastUsedAt} />
      </td>
      <td className="when" data-label={columns.since}>
        <Ago at={of.createdAt} />
      </td>
      <td className="menu">
        <button
          className="button bare"
          type="button"
          disabled={isStale}
          aria-label={connections.removeFor(name)}
          onClick={onRemove}
        >
          {connections.remove}
        </button>
      </td>
    </tr>
  )
}
