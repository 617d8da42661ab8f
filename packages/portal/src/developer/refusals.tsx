/** `/portal/refusals`: which calls were refused of late, and why each was. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { refusalsQuery } from '../shared/api/usage_queries.ts'
import { Filter } from '../shared/kit/fields/filter.tsx'
import { Icon } from '../shared/kit/icon.tsx'
import { Pages } from '../shared/kit/pages.tsx'
import { Read } from '../shared/kit/read.tsx'
import { ScreenTitle } from '../shared/kit/screen_title.tsx'
import { Empty } from '../shared/kit/states.tsx'
import { refusalsText as words } from '../shared/text/refusals.ts'
import { RefusalTable } from './refusals/refusal_table.tsx'
import { useKeyChoices } from './use_key_choices.ts'

const route = getRouteApi('/refusals')

export function RefusalsScreen(): ReactNode {
  const { key, request, after } = route.useSearch()
  const navigate = useNavigate({ from: '/refusals' })
  const filter = { keyId: key, requestId: request, after }
  const read = useQuery(refusalsQuery(filter))
  const go = (to: string | undefined): void =>
    void navigate({ search: ({ after: _, ...rest }) => (to === undefined ? rest : { ...rest, after: to }) })
  return (
    <>
      <div className="head">
        <div>
          <ScreenTitle>{words.title}</ScreenTitle>
          <p>
            {words.lead}{' '}
            <Link to="/usage" search={{}}>
              {words.counts}
            </Link>
          </p>
        </div>
      </div>
      <div className="bar">
        <KeyFilter />
        {request !== undefined && (
          <Link className="filter on" to="/refusals" search={({ request: _, why: __, ...rest }) => rest}>
            {words.ofRequest} <code>{request}</code> <Icon name="cross" />
            <span className="hidden">{words.clear}</span>
          </Link>
        )}
      </div>
      <Read of={read} rows={5} label={words.loading}>
        {({ data, next }) =>
          data.length === 0 ? (
            <NoRefusals isBehind={after !== undefined} isFiltered={key !== undefined || request !== undefined} />
          ) : (
            <>
              <RefusalTable of={data} />
              <Pages after={after} next={next} onGo={go}>
                {words.shown(data.length)}
              </Pages>
            </>
          )
        }
      </Read>
    </>
  )
}

function KeyFilter(): ReactNode {
  const { key } = route.useSearch()
  const navigate = useNavigate({ from: '/refusals' })
  const choices = useKeyChoices(key)
  const choose = (value: string): void =>
    void navigate({ search: ({ request }) => ({ request, ...(value === '' ? {} : { key: value }) }) })
  return <Filter label={words.byKey} value={key ?? ''} options={[['', words.any], ...choices]} onChoose={choose} />
}

interface NoRefusalsProps {
  /** The page is not the first. */
  readonly isBehind: boolean
  readonly isFiltered: boolean
}

function NoRefusals({ isBehind, isFiltered }: NoRefusalsProps): ReactNode {
  if (!isBehind && !isFiltered) return <Empty title={words.none} detail={words.noneDetail} />
  return (
    <Empty
      title={isBehind ? words.noneHere : words.noneMatch}
      detail={isBehind ? words.noneHereDetail : words.noneMatchDetail}
    >
      <Link className="button" to="/refusals" search={{}}>
        {words.clear}
      </Link>
    </Empty>
  )
}
