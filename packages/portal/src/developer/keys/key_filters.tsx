/** The filters that the API has, in the address. */
import { useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Client, KeysFilter } from '../../shared/api/queries.ts'
import { text } from '../../shared/text.ts'

const statuses = ['active', 'disabled', 'expired', 'revoked'] as const

interface KeyFiltersProps extends Pick<KeysFilter, 'status' | 'clientId'> {
  readonly clients: readonly Client[]
}

export function KeyFilters({ clients, status, clientId }: KeyFiltersProps): ReactNode {
  const navigate = useNavigate({ from: '/keys' })
  const choose = (name: 'status' | 'client', value: string): void => {
    navigate({
      search: ({ after: _, [name]: __, ...rest }) => (value === '' ? rest : { ...rest, [name]: value }),
    })
  }
  return (
    <>
      <label className={status === undefined ? 'filter' : 'filter on'}>
        {text.keys.filterStatus}
        <select value={status ?? ''} onChange={(event) => choose('status', event.target.value)}>
          <option value="">{text.keys.any}</option>
          {statuses.map((each) => (
            <option key={each} value={each}>
              {text.key.status[each]}
            </option>
          ))}
        </select>
      </label>
      {clients.length > 1 && (
        <label className={clientId === undefined ? 'filter' : 'filter on'}>
          {text.keys.filterClient}
          <select value={clientId ?? ''} onChange={(event) => choose('client', event.target.value)}>
            <option value="">{text.keys.any}</option>
            {clients.map((each) => (
              <option key={each.clientId} value={each.clientId}>
                {each.name}
              </option>
            ))}
          </select>
        </label>
      )}
    </>
  )
}
