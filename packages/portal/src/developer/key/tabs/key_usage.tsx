/** The calls of one key: by outcome or by scope, as a chart, as a table and as CSV. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { usageQuery } from '../../../shared/api/usage_queries.ts'
import { Filter } from '../../../shared/kit/fields/filter.tsx'
import { Read } from '../../../shared/kit/read.tsx'
import { usageText as words } from '../../../shared/text/usage.ts'
import { text } from '../../../shared/text.ts'
import { intervalsOf, ranges } from '../../../shared/usage_intervals.ts'
import { UsageCharts } from '../../usage/usage_charts.tsx'

const route = getRouteApi('/keys/$id')

const bys = ['outcome', 'scope'] as const

export function KeyUsage({ keyId }: { readonly keyId: string }): ReactNode {
  const { range = '30d', by = 'outcome' } = route.useSearch()
  const navigate = useNavigate({ from: '/keys/$id' })
  const time = intervalsOf(range, Date.now())
  const read = useQuery(usageQuery({ keyId, by, ...time }))
  const choose = (name: 'range' | 'by') => (value: string) =>
    void navigate({ search: (search) => ({ ...search, [name]: value }), resetScroll: false })
  return (
    <>
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
          options={bys.map((each) => [each, words.bys[each]])}
          onChoose={choose('by')}
        />
        <Link className="button" to="/refusals" search={{ key: keyId }}>
          {text.detail.refusals}
        </Link>
      </div>
      <Read of={read} rows={4} label={words.loading}>
        {({ data }) =>
          data.length === 0 ? (
            <section className="card pad">
              <p className="quiet">{words.noneIn(words.ranges[range])}</p>
            </section>
          ) : (
            <UsageCharts of={data} by={by} time={time} opens={(one) => ({ range, key: keyId, ...one })} />
          )
        }
      </Read>
    </>
  )
}
