import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useId } from 'react'
import { keyNamesQuery, type Refusal } from '../../shared/api/usage_queries.ts'
import { CardTable } from '../../shared/kit/card_table.tsx'
import { CopyId } from '../../shared/kit/copy_id.tsx'
import { Status } from '../../shared/kit/status.tsx'
import { Tags } from '../../shared/kit/tags.tsx'
import { Ago } from '../../shared/kit/time.tsx'
import { checksText } from '../../shared/text/checks.ts'
import { refusalsText as words } from '../../shared/text/refusals.ts'
import { Why } from './why.tsx'

const route = getRouteApi('/refusals')
const { columns } = words

/** On small screens each body is a card. The one whose reason is asked for is in the address; of one request alone, it is open. */
export function RefusalTable({ of }: { readonly of: readonly Refusal[] }): ReactNode {
  const { request, why = request } = route.useSearch()
  return (
    <CardTable
      className="rows"
      caption={words.title}
      columns={[columns.at, columns.request, columns.key, columns.called, columns.why]}
      actions={words.why}
    >
      {/* A request may be refused for more than one credential, and be asked again by its id. */}
      {numbered(of).map(([key, refusal]) => (
        <Row key={key} of={refusal} isOpen={refusal.requestId === why} />
      ))}
    </CardTable>
  )
}

function numbered(of: readonly Refusal[]): readonly (readonly [string, Refusal])[] {
  const seen = new Map<string, number>()
  return of.map((refusal) => {
    const turn = seen.get(refusal.requestId) ?? 0
    seen.set(refusal.requestId, turn + 1)
    return [`${refusal.requestId} ${turn}`, refusal]
  })
}

function Row({ of: refusal, isOpen }: { readonly of: Refusal; readonly isOpen: boolean }): ReactNode {
  const { at, requestId, method, route: path, code, missingScope } = refusal
  const { request } = route.useSearch()
  const navigate = useNavigate({ from: '/refusals' })
  const panel = useId()
  const closed = request === undefined ? undefined : ''
  const turn = (): void =>
    void navigate({
      search: ({ why: _, ...rest }) => ({ ...rest, why: isOpen ? closed : requestId }),
      resetScroll: false,
      replace: true,
    })
  return (
    <tbody data-request={requestId}>
      <tr>
        <th scope="row" className="when">
          <Ago at={at} />
        </th>
        <td className="request" data-label={columns.request}>
          <CopyId id={requestId} />
        </td>
        <td data-label={columns.key}>
          <KeyOf of={refusal} />
        </td>
        <td data-label={columns.called}>
          {path === undefined ? (
            <span className="quiet">{words.notTold}</span>
          ) : (
            <code>
              {method} {path}
            </code>
          )}
        </td>
        <td data-label={columns.why}>
          <Status kind="revoked" word={checksText.codes[code] ?? code} />
          {missingScope === '' ? <code className="code-name quiet">{code}</code> : <Tags scope={missingScope} />}
        </td>
        <td className="act">
          <button className="button" type="button" aria-expanded={isOpen} aria-controls={panel} onClick={turn}>
            {words.why}
          </button>
        </td>
      </tr>
      <tr id={panel} className="panel" hidden={!isOpen}>
        <td colSpan={6}>{isOpen && <Why of={refusal} />}</td>
      </tr>
    </tbody>
  )
}

/** By its name where that is known. */
function KeyOf({ of: { keyId, clientId } }: { readonly of: Refusal }): ReactNode {
  const { data: named } = useQuery(keyNamesQuery)
  const name = named?.find(({ id }) => id === keyId)?.name
  if (keyId === '') return <span className="quiet">{clientId === '' ? words.nobody : words.token}</span>
  return (
    <>
      <Link className="name" to="/keys/$id" params={{ id: keyId }} search={{}}>
        {name ?? keyId}
      </Link>
      {name !== undefined && <code className="id">{keyId}</code>}
    </>
  )
}
