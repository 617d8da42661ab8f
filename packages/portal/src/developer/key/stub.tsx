import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { apisQuery, type Key } from '../../shared/api/queries.ts'
import { Environment } from '../../shared/kit/environment.tsx'
import { Tags } from '../../shared/kit/tags.tsx'
import { text } from '../../shared/text.ts'
import { atTime } from '../../shared/time.ts'

const { reveal } = text

/** The part of the ticket that one keeps. */
export function Stub({ of: key }: { readonly of: Key }): ReactNode {
  const { data: apis } = useQuery(apisQuery)
  const api = apis?.data.find(({ audience }) => audience === key.audience)
  return (
    <div className="stub">
      <dl className="facts">
        <div>
          <dt>{reveal.may}</dt>
          <dd>
            <Tags scope={key.scope} />
          </dd>
        </div>
        <div>
          <dt>{reveal.at}</dt>
          <dd>
            {api?.name ?? key.audience}, <Environment of={key.environment} />
          </dd>
        </div>
        <div>
          <dt>{reveal.ends}</dt>
          <dd>{key.expiresAt === null ? text.key.never : atTime(key.expiresAt)}</dd>
        </div>
        <div>
          <dt>{reveal.from}</dt>
          <dd>{key.ipAllow === null ? reveal.anywhere : key.ipAllow.map((each) => <code key={each}>{each} </code>)}</dd>
        </div>
      </dl>
    </div>
  )
}
