/** `/portal/usage`: how much was called, by outcome, key or scope. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { keyNamesQuery, usageQuery } from '../shared/api/usage_queries.ts'
import { Read } from '../shared/kit/read.tsx'
import { ScreenTitle } from '../shared/kit/screen_title.tsx'
import { Empty } from '../shared/kit/states.tsx'
import { usageText as words } from '../shared/text/usage.ts'
import { intervalsOf, ranges } from './usage/ranges.ts'
import { UsageCharts } from './usage/usage_charts.tsx'

const route = getRouteApi('/usage')

export function UsageScreen(): ReactNode {
  const { range = '30d', by = 'outcome', key, scope } = route.useSearch()
  const time = intervalsOf(range, Date.now())
  const { from, to, interval } = time
  const usage = useQuery(usageQuery({ keyId: key, scope, by, from, to, interval }))
  const isFiltered = key !== undefined || scope !== undefined || range !== '30d'
  return (
    <>
      <div className="head">
        <div>
          <ScreenTitle>{words.title}</ScreenTitle>
          <p>
            {words.lead}{' '}
            <Link to="/refusals" search={key === undefined ? {} : { key }}>
              {words.refusals}
            </Link>
          </p>
        </div>
      </div>
      <Filters />
      <Read of={usage} rows={4} label={words.loading}>
        {({ data }) =>
          data.length === 0 ? <NoUse isFiltered={isFiltered} /> : <UsageCharts of={data} by={by} time={time} />
        }
      </Read>
    </>
  )
}

function NoUse({ isFiltered }: { readonly isFiltered: boolean }): ReactNode {
  if (!isFiltered) return <Empty title={words.none} detail={words.noneDetail} />
  return (
    <Empty title={words.noneMatch} detail={words.noneMatchDetail}>
      <Link className="button" to="/usage" search={{}}>
        {words.clear}
      </Link>
    </Empty>
  )
}

function Filters(): ReactNode {
  const { range = '30d', by = 'outcome', key, scope } = route.useSearch()
  const navigate = useNavigate({ from: '/usage' })
  const { data: named = [] } = useQuery(keyNamesQuery)
  const keys = key === undefined || named.some(({ id }) => id === key) ? named : [{ id: key, name: key }, ...named]
  const choose = (name: 'range' | 'by' | 'key' | 'scope', value: string): void =>
    void navigate({ search: (search) => ({ ...search, [name]: value === '' ? undefined : value }), resetScroll: false })
  const filters = [
    ['range', words.range, range, ranges.map((each) => [each, words.ranges[each]])],
    ['by', words.by, by, (['outcome', 'keyId', 'scope'] as const).map((each) => [each, words.bys[each]])],
    ['key', words.key, key, [['', words.any], ...keys.map(({ id, name }) => [id, name])]],
    // The tokens are those that the chart by scope names.
    ...(scope === undefined
      ? []
      : [
          [
            'scope',
            words.scope,
            scope,
            [
              ['', words.any],
              [scope, scope],
            ],
          ] as const,
        ]),
  ] as const
  return (
    <div className="bar">
      {filters.map(([name, label, value = '', options]) => (
        <label key={name} className={(name === 'key' || name === 'scope') && value !== '' ? 'filter on' : 'filter'}>
          {label}
          <select value={value} onChange={(event) => choose(name, event.target.value)}>
            {options.map(([option = '', word]) => (
              <option key={option} value={option}>
                {word}
              </option>
            ))}
          </select>
        </label>
      ))}
    </div>
  )
}
