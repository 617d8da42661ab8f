/** One operation. What it needs is known at once; its description comes with the document, which may be large. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { type ReactNode, type Ref, useMemo } from 'react'
import { type Api, openapiQuery } from '../../shared/api/queries.ts'
import { CodeBlock } from '../../shared/kit/code_block.tsx'
import { Icon } from '../../shared/kit/icon.tsx'
import { Problem } from '../../shared/kit/problem.tsx'
import { Skeleton } from '../../shared/kit/states.tsx'
import { reference } from '../../shared/text/reference.ts'
import { Explorer } from '../explorer/explorer.tsx'
import { missingOf } from './access.ts'
import { AccessCard } from './access_card.tsx'
import { Answers, Body } from './bodies.tsx'
import type { JsonObject } from './json.ts'
import { Method } from './list.tsx'
import type { Named } from './operation_names.ts'
import { Parameters } from './parameters.tsx'
import { Prose } from './prose.tsx'
import { snippetsOf } from './snippets.ts'
import type { KeyReach } from './use_key_reach.ts'
import { findWritten, type Written } from './written.ts'

const { key, operation: words, snippet } = reference

interface OperationViewProps {
  readonly of: Named
  readonly api: Api
  readonly importedAt: string | null
  readonly reach: KeyReach
  readonly heading: Ref<HTMLHeadingElement>
  readonly children: ReactNode
}

export function OperationView({ of, api, importedAt, reach, heading, children }: OperationViewProps): ReactNode {
  const { method, route, summary } = of
  // After an import the former document stands until the new one is there: what was filled in stays.
  const { data, error, refetch } = useQuery({
    ...openapiQuery(api.id, importedAt),
    placeholderData: keepPreviousData,
  })
  const document: JsonObject | undefined = data
  const written = useMemo(() => (document === undefined ? undefined : findWritten(document, of)), [document, of])
  return (
    <article className="operation" aria-labelledby="operation">
      <header>
        <h2 id="operation" ref={heading} tabIndex={-1}>
          {summary || of.operationId || route}
        </h2>
        <p className="route">
          <Method of={method} /> <code>{route}</code>
          {written?.isDeprecated === true && <span className="kind">{words.deprecated}</span>}
        </p>
      </header>
      <Prose of={written?.description} />
      <AccessCard of={of} api={api}>
        <OfKey of={reach} operation={of} />
      </AccessCard>
      {children}
      <Explorer
        of={of}
        api={api}
        document={document}
        written={written}
        isReading={document === undefined && error === null}
      />
      <CodeBlock label={snippet.label} samples={snippetsOf(of, api, document, written)} />
      {error !== null && document === undefined && <Problem error={error} onRetry={() => void refetch()} />}
      {document === undefined && error === null && <Skeleton rows={3} label={words.loading} />}
      {document !== undefined && written === undefined && <p className="quiet">{words.notWritten}</p>}
      {document !== undefined && written !== undefined && <Details of={written} document={document} />}
    </article>
  )
}

/** Whether the chosen key may call it. */
function OfKey({ of: { chosen, has }, operation }: { readonly of: KeyReach; readonly operation: Named }): ReactNode {
  if (chosen === undefined || has === undefined) return null
  const missing = missingOf(operation, has)
  if (missing === undefined) return <p>{key.never(chosen.name)}</p>
  return <p>{missing.length === 0 ? key.may(chosen.name) : key.lacks(chosen.name, missing.join(' '))}</p>
}

function Details({ of: written, document }: { readonly of: Written; readonly document: JsonObject }): ReactNode {
  return (
    <>
      {written.broken.length > 0 && <Broken of={written.broken} />}
      <Parameters of={written.parameters} document={document} />
      {written.body !== undefined && <Body of={written.body} document={document} />}
      <Answers of={written.answers} document={document} />
    </>
  )
}

function Broken({ of }: { readonly of: readonly string[] }): ReactNode {
  return (
    <section className="notice warn" role="status">
      <Icon name="warning" />
      <div className="stack">
        <h3>{words.broken}</h3>
        <p>
          {words.brokenDetail}{' '}
          {[...new Set(of)].map((each) => (
            <code key={each}>{each} </code>
          ))}
        </p>
      </div>
    </section>
  )
}
