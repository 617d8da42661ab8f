/** An id that is safe to show, with a button that copies it. */
import type { ReactNode } from 'react'
import { text } from '../text.ts'
import { useCopy } from '../use_copy.ts'

export function CopyId({ id }: { readonly id: string }): ReactNode {
  const { copy, label, shown } = useCopy<HTMLElement>(id, text.problem.copyId)
  return (
    <>
      <code ref={shown}>{id}</code>
      <button className="button bare" type="button" onClick={copy}>
        {label}
      </button>
    </>
  )
}
