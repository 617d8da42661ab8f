/** The effects of another scope: the operations that it opens, and the calls of the last days that it would have refused. */
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { type Api, type Key, operationsQuery } from '../../../shared/api/queries.ts'
import { usageQuery } from '../../../shared/api/usage_queries.ts'
import { Icon } from '../../../shared/kit/icon.tsx'
import { Read } from '../../../shared/kit/read.tsx'
import { keyEdit as words } from '../../../shared/text/key_edit.ts'
import { intervalsOf } from '../../../shared/usage_intervals.ts'
import { nameOperations } from '../../reference/operation_names.ts'
import { callsLost, tokensOf } from '../scope_use.ts'
import { operationsGained } from './operations_gained.ts'

const shownMax = 12

interface ScopeEffectsProps {
  readonly of: Pick<Key, 'id' | 'scope'>
  readonly api: Api
  /** The scope of afterwards. */
  readonly scope: string
}

export function ScopeEffects({ of: key, api, scope }: ScopeEffectsProps): ReactNode {
  const [before, after] = [new Set(tokensOf(key.scope)), new Set(tokensOf(scope))]
  const hasMore = [...after].some((token) => !before.has(token))
  const hasLess = [...before].some((token) => !after.has(token))
  return (
    <>
      {hasMore && <Gained api={api} before={before} after={after} />}
      {hasLess && <Lost keyId={key.id} after={after} />}
    </>
  )
}

interface GainedProps {
  readonly api: Api
  readonly before: ReadonlySet<string>
  readonly after: ReadonlySet<string>
}

function Gained({ api, before, after }: GainedProps): ReactNode {
  const read = useQuery(operationsQuery(api.id))
  return (
    <section className="effect" role="status">
      <Read of={read} rows={2} label={words.gainedAsking}>
        {({ data, importedAt }) => {
          const gained = operationsGained(nameOperations(data), before, after)
          if (importedAt === null) return <p>{words.gainedUnknown}</p>
          if (gained.length === 0) return <p>{words.gainedNone}</p>
          return (
            <>
              <h4>{words.gained(gained.length)}</h4>
              <ul>
                {gained.slice(0, shownMax).map(({ name, method, route, summary }) => (
                  <li key={name}>
                    <code>
                      {method} {route}
                    </code>{' '}
                    <span className="note quiet">{summary}</span>
                  </li>
                ))}
              </ul>
              {gained.length > shownMax && <p className="note quiet">{words.more(gained.length - shownMax)}</p>}
            </>
          )
        }}
      </Read>
    </section>
  )
}

function Lost({ keyId, after }: { readonly keyId: string; readonly after: ReadonlySet<string> }): ReactNode {
  const read = useQuery(usageQuery({ keyId, by: 'scope', ...intervalsOf('7d', Date.now()) }))
  return (
    <section className="effect" role="status">
      <Read of={read} rows={2} label={words.lostAsking}>
        {({ data }) => {
          const lost = callsLost(data, after)
          if (lost.length === 0) return <p>{words.lostNone}</p>
          return (
            <>
              <h4 className="error">
                <Icon name="warning" /> {words.lost(lost.reduce((sum, { count }) => sum + count, 0))}
              </h4>
              <ul>
                {lost.map(({ scope, count }) => (
                  <li key={scope}>
                    {words.lostBy(count)} {words.needed} <code>{scope}</code>
                  </li>
                ))}
              </ul>
            </>
          )
        }}
      </Read>
    </section>
  )
}
