/** `/portal/usage`: how much was called, by outcome, key or scope. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { usageQuery } from '../shared/api/usage_queries.ts'
import { Filter } from '../shared/kit/fields/filter.tsx'
import { Read } from '../shared/kit/read.tsx'
import { ScreenTitle } from '../shared/kit/screen_title.tsx'
import { Empty } from '../shared/kit/states.tsx'
import { usageText as words } from '../shared/text/usage.ts'
import { intervalsOf, ranges } from '../shared/usage_intervals.ts'
import { UsageCharts } from './usage/usage_charts.tsx'
import { useKeyChoices } from './use_key_choices.ts'

const route = getRouteApi('/usage')

export function UsageScreen(): ReactNode {
  const { range: chosen, by = 'outcome', key, scope } = route.useSearch()
  const range = chosen ?? '30d'
  const time = intervalsOf(range, Date.now())
  const usage = useQuery(usageQuery({ keyId: key, scope, by, ...time }))
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
          data.length === 0 ? (
            <NoUse isFiltered={isFiltered} />
          ) : (
            <UsageCharts of={data} by={by} time={time} opens={(one) => ({ range: chosen, key, scope, ...one })} />
          )
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
  const keys = useKeyChoices(key)
  const choose = (name: 'range' | 'by' | 'key' | 'scope') => (value: string) =>
    void navigate({ search: (search) => ({ ...search, [name]: value === '' ? undefined : value }), resetScroll: false })
  const any = ['', words.any] as const
  return (
    <div className="bar">
      <Filter
        label={words.range}
        value={range}
        isOn={false}
        options={ranges.map((each) => [each, words.ranges[each]])}
        onChoose={choose('range')}
      />
      <Filter
        label={words.by}
        value={by}
        isOn={false}
        options={(['outcome', 'keyId', 'scope'] as const).map((each) => [each, words.bys[each]])}
        onChoose={choose('by')}
      />
      <Filter label={words.key} value={key ?? ''} options={[any, ...keys]} onChoose={choose('key')} />
      {/* The tokens are those that the chart by scope names. */}
      {scope !== undefined && (
        <Filter label={words.scope} value={scope} options={[any, [scope, scope]]} onChoose={choose('scope')} />
      )}
    </div>
  )
}
