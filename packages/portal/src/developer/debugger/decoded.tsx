/** The text itself, in words. Nothing of it is proven. */
import type { ReactNode } from 'react'
import { Status } from '../../shared/kit/status.tsx'
import { Exactly } from '../../shared/kit/time.tsx'
import { debuggerText as words } from '../../shared/text/debugger.ts'
import { type Read, type ReadJwt, timeOf, warningsOf } from './read_credential.ts'
import type { Paste } from './read_paste.ts'

interface DecodedProps {
  readonly of: Read
  readonly from: Paste
}

export function Decoded({ of: read, from: { credential, from } }: DecodedProps): ReactNode {
  const kind = read.kind === 'key' ? read.marker : read.kind
  return (
    <>
      <section className="card pad decoded" aria-labelledby="what">
        <h2 id="what">{words.what}</h2>
        <p>
          <b>{words.kinds[kind]}</b>, <span className="nowrap">{words.characters(credential.length)}</span>.{' '}
          {words.froms[from]} {words.kindDetails[kind]}
        </p>
        {read.kind !== 'nothing' && <Warnings of={read} />}
      </section>
      {read.kind === 'key' && <KeyTable of={read} />}
      {read.kind === 'jwt' && <Claims of={read} />}
    </>
  )
}

function Warnings({ of: read }: { readonly of: Read }): ReactNode {
  const warnings = warningsOf(read, Date.now() / 1000)
  if (read.kind === 'encrypted') return null
  if (warnings.length === 0) return <Status kind="active" word={words.noWarning} />
  return (
    <ul className="warnings" aria-label={words.warnings}>
      {warnings.map((each) => (
        <li key={each}>
          <Status kind="ends" word={words.warning[each]} />
        </li>
      ))}
    </ul>
  )
}

/** Each part has its name beside it. The secret is in the box, and not a second time. */
function KeyTable({ of: key }: { readonly of: Extract<Read, { kind: 'key' }> }): ReactNode {
  const { part, partDetails } = words
  const rows: readonly (readonly [name: string, shown: ReactNode, means: ReactNode])[] = [
    [part.prefix, <code key="prefix">{key.prefix}</code>, partDetails.prefix],
    [part.marker, <code key="marker">{key.marker}</code>, partDetails.marker],
    [part.id, <code key="id">{key.id}</code>, partDetails.id],
    [part.secret, words.hidden(key.secret.length), partDetails.secret],
    [
      part.checksum,
      <code key="checksum">{key.checksum}</code>,
      <Status
        key="fits"
        kind={key.isIntact ? 'active' : 'revoked'}
        word={key.isIntact ? words.intact : words.broken}
      />,
    ],
  ]
  return (
    <section className="card pad" aria-labelledby="parts">
      <h2 id="parts">{words.parts}</h2>
      <Table rows={rows} />
    </section>
  )
}

function Claims({ of: { header, claims, signatureBytes } }: { readonly of: ReadJwt }): ReactNode {
  return (
    <section className="card pad decoded" aria-labelledby="parts">
      <h2 id="parts">{words.parts}</h2>
      <h3>1 · {words.header}</h3>
      <Table rows={rowsOf(header)} />
      <h3>2 · {words.claims}</h3>
      <Table rows={rowsOf(claims)} />
      <h3>3 · {words.signature}</h3>
      <p>{words.signatureDetail(signatureBytes)}</p>
    </section>
  )
}

function rowsOf(members: Readonly<Record<string, unknown>>) {
  return Object.entries(members).map(([name, value]) => {
    const at = timeOf(name, value)
    const shown = typeof value === 'string' ? value : JSON.stringify(value)
    return [
      name,
      <code key="value">{shown}</code>,
      <>
        {words.meanings[name] ?? ''}
        {at !== undefined && (
          <>
            : <Exactly at={at} />
          </>
        )}
      </>,
    ] as const
  })
}

function Table({ rows }: { readonly rows: readonly (readonly [string, ReactNode, ReactNode])[] }): ReactNode {
  const { columns } = words
  return (
    <table className="members">
      <thead className="hidden">
        <tr>
          {[columns.name, columns.value, columns.means].map((column) => (
            <th key={column} scope="col">
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, shown, means]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{shown}</td>
            <td className="quiet">{means}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
