import type { ReactNode } from 'react'
import { reference } from '../../shared/text/reference.ts'
import type { JsonObject } from './json.ts'
import { Prose } from './prose.tsx'
import { SchemaTree } from './schema_tree.tsx'
import type { Parameter } from './written.ts'

const { operation } = reference

interface ParametersProps {
  readonly of: readonly Parameter[]
  readonly document: JsonObject
}

export function Parameters({ of: parameters, document }: ParametersProps): ReactNode {
  if (parameters.length === 0) return null
  return (
    <section className="card pad" aria-labelledby="parameters">
      <h3 id="parameters">{operation.parameters}</h3>
      <ul className="members first">
        {parameters.map((parameter) => (
          <li key={`${parameter.in} ${parameter.name}`}>
            <code className="name">{parameter.name}</code>{' '}
            {parameter.isRequired && <span className="must">{operation.required} </span>}
            <span className="quiet">{operation.places[parameter.in]} · </span>
            <SchemaTree document={document} schema={parameter.schema} />
            <Prose of={parameter.description} />
          </li>
        ))}
      </ul>
    </section>
  )
}
