/** The server's word on a credential: the verdict, what it is now beside what it was, the checks, and the exact answer. */

import type { Answer } from '@countersign/client'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef } from 'react'
import { Checks, CodePage } from '../../shared/kit/fields/checks.tsx'
import { ScrollingText } from '../../shared/kit/scrolling.tsx'
import { Status } from '../../shared/kit/status.tsx'
import { Exactly } from '../../shared/kit/time.tsx'
import { checksText } from '../../shared/text/checks.ts'
import { debuggerText as words } from '../../shared/text/debugger.ts'
import { text } from '../../shared/text.ts'

type Inspection = Answer<'inspect'>

export function Inspected({ of }: { readonly of: Inspection }): ReactNode {
  const { active, code = '', detail, grant, answer, checks } = of
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  return (
    <section className="card pad inspected" aria-labelledby="answer">
      <h2 id="answer" ref={heading} tabIndex={-1}>
        {words.answer}
      </h2>
      <p className="verdict">
        {active ? (
          <Status kind="active" word={words.yes} />
        ) : (
          <Status kind="revoked" word={code === 'unknown' ? words.unknown : words.no} small={detail} />
        )}
      </p>
      {!active && (
        <p>
          {code === 'unknown' ? words.unknownDetail : (checksText.mends[code] ?? '')} <CodePage of={code} />
        </p>
      )}
      {grant !== undefined && <Facts of={of} grant={grant} />}
      <h3>{words.checks}</h3>
      <Checks of={checks} />
      {(active || answer !== undefined) && <h3>{words.exact}</h3>}
      {active && <p>{words.noAnswer}</p>}
      {answer !== undefined && <ScrollingText className="exact">{headOf(answer)}</ScrollingText>}
    </section>
  )
}

function headOf({ status, headers }: NonNullable<Inspection['answer']>): string {
  return [`HTTP ${status}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)].join('\n')
}

interface FactsProps {
  readonly of: Inspection
  readonly grant: NonNullable<Inspection['grant']>
}

function Facts({ of: { issued, lineage = [], checks }, grant }: FactsProps): ReactNode {
  const ended = checks.find(({ name, result }) => (name === 'revoked' || name === 'disabled') && result === 'failed')
  const isKey = grant.kind === 'api_key'
  return (
    <>
      <dl className="facts wide">
        <div>
          <dt>{words.known}</dt>
          <dd>
            {words.isKnown},{' '}
            {isKey ? (
              <Link to="/keys/$id" params={{ id: grant.credentialId }} search={{}}>
                <code>{grant.credentialId}</code>
              </Link>
            ) : (
              <code>{grant.credentialId}</code>
            )}
          </dd>
        </div>
        <div>
          <dt>{words.revoked}</dt>
          <dd>
            {ended === undefined ? words.notRevoked : `${checksText.codes[ended.name] ?? ''}: ${ended.has ?? ''}`}
          </dd>
        </div>
        <div>
          <dt>{words.client}</dt>
          <dd>
            <code>{grant.clientId}</code>
          </dd>
        </div>
        <div>
          <dt>{words.subject}</dt>
          <dd>
            <code>{grant.subject}</code>
          </dd>
        </div>
        <div>
          <dt>{words.api}</dt>
          <dd>{grant.audience}</dd>
        </div>
        <div>
          <dt>{words.lineage}</dt>
          <dd>
            {lineage.length === 0
              ? words.noLineage
              : lineage.map(({ type, id }) => <div key={`${type} ${id}`}>{`${type} ${id}`}</div>)}
          </dd>
        </div>
      </dl>
      {issued !== undefined && <Since issued={issued} grant={grant} />}
    </>
  )
}

/** Both side by side: what was taken away since stands there with the word. */
function Since({
  issued,
  grant,
}: {
  readonly issued: NonNullable<Inspection['issued']>
  readonly grant: FactsProps['grant']
}): ReactNode {
  const tokens = issued.scope.split(' ').filter(Boolean)
  const now = grant.scope.split(' ').filter(Boolean)
  const end = (at: string | null): ReactNode => (at === null ? text.key.never : <Exactly at={at} />)
  return (
    <table className="figures since">
      <thead>
        <tr>
          <td />
          <th scope="col">{words.asIssued}</th>
          <th scope="col">{words.asNow}</th>
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">{words.scope}</th>
          <td>{tokens.length === 0 ? words.noScope : tokens.join(' ')}</td>
          <td>
            {now.length === 0 ? words.noScope : now.join(' ')}
            {tokens
              .filter((token) => !now.includes(token))
              .map((token) => (
                <div key={token}>
                  <Status kind="revoked" word={token} small={words.gone} />
                </div>
              ))}
          </td>
        </tr>
        <tr>
          <th scope="row">{words.ends}</th>
          <td>{end(issued.expiresAt)}</td>
          <td>{end(grant.expiresAt)}</td>
        </tr>
        <tr>
          <th scope="row">{words.issued}</th>
          <td>{issued.issuedAt === null ? words.notSaid : <Exactly at={issued.issuedAt} />}</td>
          <td />
        </tr>
      </tbody>
    </table>
  )
}
