/** The card of what a call needs: alternatives in words, then each scope with its sentence. */
import type { ReactNode } from 'react'
import type { Api } from '../../shared/api/queries.ts'
import { reference } from '../../shared/text/reference.ts'
import { accessOf, inWords } from './access.ts'
import type { Operation } from './operation_names.ts'

const { access } = reference

interface AccessCardProps {
  readonly of: Operation
  readonly api: Api
  readonly children?: ReactNode
}

export function AccessCard({ of: operation, api, children }: AccessCardProps): ReactNode {
  const kind = accessOf(operation)
  return (
    <section className="card pad access" aria-labelledby="access">
      <h3 id="access">{access.title}</h3>
      <p>{sentenceOf(operation, api)}</p>
      {kind === 'scopes' && <Alternatives of={operation} api={api} />}
      {(kind === 'scopes' || kind === 'any credential') && (
        <p className="note quiet">{access.where(api.credentialHeaders)}</p>
      )}
      {operation.cost !== undefined && <p className="note quiet">{access.cost(operation.cost)}</p>}
      {children}
    </section>
  )
}

function sentenceOf(operation: Operation, { name }: Api): string {
  const kind = accessOf(operation)
  if (kind === 'public') return access.public
  if (kind === 'nobody') return access.nobody
  return kind === 'any credential' ? access.any(name) : access.needs(name, inWords(operation))
}

function Alternatives({ of: { requires }, api }: { readonly of: Operation; readonly api: Api }): ReactNode {
  const sentences = new Map(api.scopes.map(({ name, description }) => [name, description]))
  return requires.map((all, index) => (
    <div key={all.join(' ')}>
      {index > 0 && <p className="or">{access.or}</p>}
      <ul className="needs">
        {all.map((token) => (
          <li key={token}>
            <span className="tag">{token}</span>{' '}
            <span className="quiet">{sentences.get(token) || access.noSentence}</span>
          </li>
        ))}
      </ul>
    </div>
  ))
}
