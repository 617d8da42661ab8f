/** The filters that the API has, in the address. */
import { useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Client, KeysFilter } from '../../shared/api/queries.ts'
import { Filter } from '../../shared/kit/fields/filter.tsx'
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
      <Filter
        label={text.keys.filterStatus}
        value={status ?? ''}
        options={[['', text.keys.any], ...statuses.map((each) => [each, text.key.status[each]] as const)]}
        onChoose={(value) => choose('status', value)}
      />
      {clients.length > 1 && (
        <Filter
          label={text.keys.filterClient}
          value={clientId ?? ''}
          options={[['', text.keys.any], ...clients.map((each) => [each.clientId, each.name] as const)]}
          onChoose={(value) => choose('client', value)}
        />
      )}
    </>
  )
}
