/** The keys that want a look, each with the one thing to do about it. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { failedOf } from '../../shared/api/failed.ts'
import { orderedKeysQuery, scopeUseQuery } from '../../shared/api/home_queries.ts'
import { clientsQuery, type ListedKey, type Me } from '../../shared/api/queries.ts'
import { Problem } from '../../shared/kit/problem.tsx'
import { Skeleton } from '../../shared/kit/states.tsx'
import { may } from '../../shared/may_write.ts'
import { homeText } from '../../shared/text/home.ts'
import { ago } from '../../shared/time.ts'
import { type KeyMay, mayOf } from '../key/may_of.ts'
import { type Attention, areAllSeen, attentionOf, type Wide } from './attention.ts'

const { attention: words } = homeText
const shownMax = 5

export function AttentionCard({ me }: { readonly me: Me }): ReactNode {
  const isCounted = may(me, 'usage:read')
  const ending = useQuery(orderedKeysQuery('expiresAt'))
  const idle = useQuery(orderedKeysQuery('lastUsedAt'))
  const used = useQuery(orderedKeysQuery('-lastUsedAt'))
  const uses = useQuery({ ...scopeUseQuery(), enabled: isCounted })
  const reads = [ending, idle, used, ...(isCounted ? [uses] : [])]
  const failed = failedOf(...reads)
  const lists = { ending: ending.data?.data ?? [], idle: idle.data?.data ?? [], used: used.data?.data ?? [] }
  const found = attentionOf(lists, uses.data?.data)
  const isWhole = reads.every(({ data }) => data !== undefined)
  const isSeen =
    ending.data !== undefined &&
    idle.data !== undefined &&
    used.data !== undefined &&
    areAllSeen({ ending: ending.data, idle: idle.data, used: used.data })
  const isNone = Object.values(found).every((each) => each.length === 0)
  return (
    <section className="card pad attention" aria-labelledby="attention">
      <h2 id="attention">{words.title}</h2>
      {failed !== undefined && <Problem error={failed.error} onRetry={failed.retry} />}
      {!isWhole && failed === undefined && <Skeleton rows={2} label={words.loading} />}
      {isWhole && isNone && isSeen && <p className="quiet">{isCounted ? words.none : words.noneWithoutUse}</p>}
      <Groups of={found} me={me} />
      {isWhole && !isSeen && <p className="note quiet">{words.partial}</p>}
    </section>
  )
}

function Groups({ of: { ending, idle, wide }, me }: { readonly of: Attention<ListedKey>; readonly me: Me }): ReactNode {
  const { data: clients } = useQuery({ ...clientsQuery, enabled: may(me, 'clients:read') })
  const mayDo = (key: ListedKey): KeyMay =>
    mayOf(
      key,
      me,
      clients?.data.find(({ clientId }) => clientId === key.clientId),
    )
  return (
    <>
      <Group title={words.ending} of={ending}>
        {(key) => (
          <Line key={key.id} of={key} fact={key.expiresAt !== null && words.ends(ago(key.expiresAt))}>
            {mayDo(key).roll && <Panel of={key} panel="roll" word={words.roll} label={words.rollFor(key.name)} />}
          </Line>
        )}
      </Group>
      <Group title={words.idle} of={idle}>
        {(key) => (
          <Line key={key.id} of={key} fact={idleFact(key)}>
            {mayDo(key).revoke && (
              <Panel of={key} panel="revoke" word={words.revoke} label={words.revokeFor(key.name)} />
            )}
          </Line>
        )}
      </Group>
      <Group title={words.wide} of={wide} note={words.wideNote}>
        {(each) => (
          <Line key={each.key.id} of={each.key} fact={words.scopes(each.granted, each.used.length)}>
            {mayDo(each.key).edit && <Narrow of={each} />}
          </Line>
        )}
      </Group>
    </>
  )
}

function idleFact({ lastUsedAt, createdAt }: ListedKey): string {
  return lastUsedAt === null ? words.unused(ago(createdAt)) : words.used(ago(lastUsedAt))
}

interface GroupProps<I> {
  readonly title: string
  readonly of: readonly I[]
  readonly note?: string
  readonly children: (item: I) => ReactNode
}

function Group<I>({ title, of, note, children }: GroupProps<I>): ReactNode {
  if (of.length === 0) return null
  return (
    <>
      <h3>
        {title} <span className="quiet">{of.length}</span>
      </h3>
      <ul className="lines">{of.slice(0, shownMax).map(children)}</ul>
      {of.length > shownMax && (
        <p className="note">
          <Link to="/keys" search={{ status: 'active' }}>
            {words.more(of.length - shownMax)}
          </Link>
        </p>
      )}
      {note !== undefined && <p className="note quiet">{note}</p>}
    </>
  )
}

interface LineProps {
  readonly of: ListedKey
  readonly fact: ReactNode
  /** The one action; none for those who may not. */
  readonly children: ReactNode
}

function Line({ of: key, fact, children }: LineProps): ReactNode {
  return (
    <li data-key={key.id}>
      <span>
        <Link className="name" to="/keys/$id" params={{ id: key.id }} search={{}}>
          {key.name}
        </Link>{' '}
        <span className="quiet">{fact}</span>
      </span>
      {children}
    </li>
  )
}

interface PanelProps {
  readonly of: ListedKey
  readonly panel: 'roll' | 'revoke'
  readonly word: string
  readonly label: string
}

function Panel({ of: { id }, panel, word, label }: PanelProps): ReactNode {
  return (
    <Link className="button" to="/keys/$id" params={{ id }} search={{ panel }} aria-label={label}>
      {word}
    </Link>
  )
}

/** The form that leaves it the scopes alone that it uses. */
function Narrow({ of: { key, used } }: { readonly of: Wide<ListedKey> }): ReactNode {
  return (
    <Link
      className="button"
      to="/keys/$id"
      params={{ id: key.id }}
      search={{ panel: 'edit', scope: used.join(' ') }}
      aria-label={words.narrowFor(key.name)}
    >
      {words.narrow}
    </Link>
  )
}
