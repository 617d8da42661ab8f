import { type ReactNode, useId } from 'react'

interface ShownProps {
  /** The file below `shared/kit`. */
  readonly of: string
  readonly children: ReactNode
}

/** A part of the kit, by its file. */
export function Shown({ of, children }: ShownProps): ReactNode {
  const title = useId()
  return (
    <section className="card pad shown" aria-labelledby={title} data-part={of}>
      <h2 id={title}>
        <code>{of}</code>
      </h2>
      {children}
    </section>
  )
}

interface InStateProps {
  readonly name: string
  readonly children: ReactNode
}

/** One of its states, with a name. */
export function InState({ name, children }: InStateProps): ReactNode {
  return (
    <div className="in-state">
      <p className="note quiet">{name}</p>
      {children}
    </div>
  )
}
