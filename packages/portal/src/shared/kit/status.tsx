/** A status is a shape, a word and an ink, and never an ink alone. */
import type { ReactNode } from 'react'

export type StatusKind = 'active' | 'ends' | 'rolling' | 'disabled' | 'expired' | 'revoked'

const inks = { active: 'good', ends: 'warn', rolling: 'act', disabled: '', expired: '', revoked: 'bad' } as const

const shapes: { readonly [Kind in StatusKind]: ReactNode } = {
  active: <circle cx="6" cy="6" r="5" fill="currentColor" />,
  ends: (
    <>
      <circle cx="6" cy="6" r="4.6" fill="none" stroke="currentColor" strokeWidth="1.6" />
      <path d="M6 1.4A4.6 4.6 0 0 1 6 10.6z" fill="currentColor" />
    </>
  ),
  rolling: (
    <>
      <circle cx="4.2" cy="6" r="3.6" fill="none" stroke="currentColor" strokeWidth="1.6" />
      <circle cx="8.2" cy="6" r="3.6" fill="currentColor" />
    </>
  ),
  disabled: <path d="M2 1.5h2.8v9H2zM7.2 1.5H10v9H7.2z" fill="currentColor" />,
  expired: <circle cx="6" cy="6" r="4.6" fill="none" stroke="currentColor" strokeWidth="1.8" />,
  revoked: <path d="M2 2l8 8M10 2l-8 8" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />,
}

interface StatusProps {
  readonly kind: StatusKind
  readonly word: string
  readonly small?: string | undefined
}

export function Status({ kind, word, small }: StatusProps): ReactNode {
  return (
    <span className={`status ${inks[kind]}`}>
      <svg viewBox="0 0 12 12" aria-hidden="true">
        {shapes[kind]}
      </svg>
      <span>
        {word}
        {small !== undefined && <small>{small}</small>}
      </span>
    </span>
  )
}
