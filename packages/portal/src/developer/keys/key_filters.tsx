/** The filters and orders that the API has, in the address. */
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { type Client, keySorts } from '../../shared/api/queries.ts'
import { Filter } from '../../shared/kit/fields/filter.tsx'
import { text } from '../../shared/text.ts'

const route = getRouteApi('/keys')

const statuses = ['active', 'disabled', 'expired', 'revoked'] as const

export function KeyFilters({ clients }: { readonly clients: readonly Client[] }): ReactNode {
  const { status, client, sort, ended, form } = route.useSearch()
  const navigate = useNavigate({ from: '/keys' })
  // The list of tokens has no order by last use.
  const orders = (['', ...keySorts] as const).filter((each) => form === undefined || !each.endsWith('lastUsedAt'))
  const choose = (name: 'status' | 'client' | 'sort' | 'ended' | 'form') => (value: string) =>
    void navigate({
      search: ({ after: _, ...rest }) => ({ ...rest, [name]: value === '' ? undefined : value }),
      resetScroll: false,
    })
  return (
    <>
      <Filter
        label={text.keys.form}
        value={form ?? ''}
        options={(['', 'token'] as const).map((each) => [each, text.keys.forms[each]])}
        onChoose={choose('form')}
      />
      {form === undefined && (
        <Filter
          label={text.keys.filterStatus}
          value={status ?? ''}
          options={[['', text.keys.any], ...statuses.map((each) => [each, text.key.status[each]] as const)]}
          onChoose={choose('status')}
        />
      )}
      {clients.length > 1 && (
        <Filter
          label={text.keys.filterClient}
          value={client ?? ''}
          options={[['', text.keys.any], ...clients.map((each) => [each.clientId, each.name] as const)]}
          onChoose={choose('client')}
        />
      )}
      <Filter
        label={text.keys.order}
        value={orders.find((each) => each === sort) ?? ''}
        isOn={false}
        options={orders.map((each) => [each, text.keys.orders[each]])}
        onChoose={choose('sort')}
      />
      {status === undefined && form === undefined && (
        <div className="end">
          <label className="check nowrap">
            <input
              type="checkbox"
              checked={ended === 'shown'}
              onChange={({ target }) => choose('ended')(target.checked ? 'shown' : '')}
            />
            {text.keys.showEnded}
          </label>
        </div>
      )}
    </>
  )
}
