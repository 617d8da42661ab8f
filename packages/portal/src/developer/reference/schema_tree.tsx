/** A schema as a tree that opens as far as one looks, so that a circle in it ends where nobody opens it further. */
import { type ReactNode, useState } from 'react'
import { reference } from '../../shared/text/reference.ts'
import type { JsonObject } from './json.ts'
import { Prose } from './prose.tsx'
import { type Member, readShape, type Shape } from './shape.ts'

const { operation, shape: words } = reference
const depthMax = 12
const membersMax = 60

interface Around {
  readonly document: JsonObject
  /** The references above. */
  readonly above: readonly string[]
  readonly depth: number
}

interface SchemaTreeProps {
  readonly document: JsonObject
  readonly schema: unknown
}

export function SchemaTree({ document, schema }: SchemaTreeProps): ReactNode {
  const shape = readShape(document, schema)
  return (
    <div className="schema">
      <Line of={shape} />
      <Inside of={shape} around={{ document, above: shape.through, depth: 1 }} />
    </div>
  )
}

/** Its type and what it allows, in one line, then its description. */
export function Line({ of: shape }: { readonly of: Shape }): ReactNode {
  return (
    <>
      <span className="type">{shape.type}</span>
      {shape.isDeprecated && <span className="kind">{operation.deprecated}</span>}
      {shape.facts.length > 0 && <small className="note quiet">{shape.facts.join(' · ')}</small>}
      {shape.broken.length > 0 && <small className="note error">{operation.broken}</small>}
      <Prose of={shape.description} />
    </>
  )
}

function Inside({ of: shape, around }: { readonly of: Shape; readonly around: Around }): ReactNode {
  const { members, alternatives } = shape
  if (members.length > 0) return <Members of={members} around={around} />
  if (alternatives.length === 0) return null
  return (
    <ul className="members">
      {alternatives.map((schema, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the alternatives of a schema do not move.
        <Item key={index} schema={schema} around={around} />
      ))}
    </ul>
  )
}

function Members({ of: members, around }: { readonly of: readonly Member[]; readonly around: Around }): ReactNode {
  const rest = members.slice(membersMax)
  return (
    <>
      <ul className="members">
        {members.slice(0, membersMax).map((member) => (
          <Item key={member.name} member={member} schema={member.schema} around={around} />
        ))}
      </ul>
      {rest.length > 0 && <Opens word={words.more(rest.length)}>{() => <Members of={rest} around={around} />}</Opens>}
    </>
  )
}

interface ItemProps {
  /** Absent for an alternative, which has no name. */
  readonly member?: Member
  readonly schema: unknown
  readonly around: Around
}

function Item({ member, schema, around: { document, above, depth } }: ItemProps): ReactNode {
  const shape = readShape(document, schema, above)
  const { members, alternatives } = shape
  const hasMore = members.length + alternatives.length > 0
  const word = members.length > 0 ? words.members(members.length) : words.alternatives(alternatives.length)
  return (
    <li>
      {member !== undefined && <code className="name">{member.name}</code>}{' '}
      {member?.isRequired === true && <span className="must">{operation.required}</span>} <Line of={shape} />
      {shape.isCircle && <small className="note quiet">{words.circle}</small>}
      {hasMore && depth >= depthMax && <small className="note quiet">{words.deep}</small>}
      {hasMore && depth < depthMax && (
        <Opens word={word}>
          {() => <Inside of={shape} around={{ document, above: [...above, ...shape.through], depth: depth + 1 }} />}
        </Opens>
      )}
    </li>
  )
}

/** Made when it is opened. */
function Opens({ word, children }: { readonly word: string; readonly children: () => ReactNode }): ReactNode {
  const [isOpen, setOpen] = useState(false)
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{word}</summary>
      {isOpen && children()}
    </details>
  )
}
