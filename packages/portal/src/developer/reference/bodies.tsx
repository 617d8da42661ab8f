/** The body of the request, and each answer: a schema by media type, and the example of the document. */

import { type ReactNode, useId, useState } from 'react'
import { ScrollingText } from '../../shared/kit/scrolling.tsx'
import { reference } from '../../shared/text/reference.ts'
import type { JsonObject } from './json.ts'
import { Prose } from './prose.tsx'
import { SchemaTree } from './schema_tree.tsx'
import type { Media, WrittenAnswer, WrittenBody } from './written.ts'

const { operation } = reference
const exampleMax = 4_000

interface BodyProps {
  readonly of: WrittenBody
  readonly document: JsonObject
}

export function Body({ of: { isRequired, description, media }, document }: BodyProps): ReactNode {
  return (
    <section className="card pad" aria-labelledby="body">
      <h3 id="body">
        {operation.body} {isRequired && <span className="must">{operation.required}</span>}
      </h3>
      <Prose of={description} />
      <Content of={media} document={document} />
    </section>
  )
}

interface AnswersProps {
  readonly of: readonly WrittenAnswer[]
  readonly document: JsonObject
}

export function Answers({ of: answers, document }: AnswersProps): ReactNode {
  if (answers.length === 0) return null
  return (
    <section className="card pad" aria-labelledby="answers">
      <h3 id="answers">{operation.answers}</h3>
      {answers.map((answer, index) => (
        <Answer key={answer.status} of={answer} document={document} isFirst={index === 0} />
      ))}
    </section>
  )
}

interface AnswerProps {
  readonly of: WrittenAnswer
  readonly document: JsonObject
  readonly isFirst: boolean
}

function Answer({ of: { status, description, headers, media }, document, isFirst }: AnswerProps): ReactNode {
  const [isOpen, setOpen] = useState(isFirst)
  const [first = '', ...rest] = (description ?? '').trim().split(/\n\s*\n/)
  const isLonger = rest.length > 0 || /[`[*]/.test(first)
  return (
    <details className="answer" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <b>{status}</b> <span className="quiet">{first}</span>
      </summary>
      {isOpen && (
        <>
          {isLonger && <Prose of={description} />}
          {media.length === 0 && <p className="quiet">{operation.noBody}</p>}
          <Content of={media} document={document} />
          {headers.length > 0 && <h4>{operation.headers}</h4>}
          <ul className="members">
            {headers.map(({ name, description: said }) => (
              <li key={name}>
                <code className="name">{name}</code>
                <Prose of={said} />
              </li>
            ))}
          </ul>
        </>
      )}
    </details>
  )
}

function Content({ of: media, document }: { readonly of: readonly Media[]; readonly document: JsonObject }): ReactNode {
  const id = useId()
  const [chosen, setChosen] = useState(0)
  const shown = media[chosen] ?? media[0]
  if (shown === undefined) return null
  return (
    <>
      {media.length === 1 ? (
        <p className="note quiet">{shown.type}</p>
      ) : (
        <p className="labelled">
          <label htmlFor={id}>{operation.media}</label>
          <select id={id} value={chosen} onChange={(event) => setChosen(Number(event.target.value))}>
            {media.map(({ type }, index) => (
              <option key={type} value={index}>
                {type}
              </option>
            ))}
          </select>
        </p>
      )}
      {shown.schema !== undefined && <SchemaTree key={shown.type} document={document} schema={shown.schema} />}
      {shown.example !== undefined && <Example of={shown.example} />}
    </>
  )
}

function Example({ of }: { readonly of: unknown }): ReactNode {
  const written = typeof of === 'string' ? of : JSON.stringify(of, null, 2)
  return (
    <details>
      <summary>{operation.example}</summary>
      <ScrollingText className="example">{written.slice(0, exampleMax)}</ScrollingText>
      {written.length > exampleMax && <p className="note quiet">{operation.cut}</p>}
    </details>
  )
}
