/** An id that is safe to show, with a button that copies it. */
import { type ReactNode, useRef, useState } from 'react'
import { copyText, wordOf } from '../copy.ts'
import { text } from '../text.ts'

export function CopyId({ id }: { readonly id: string }): ReactNode {
  const [said, setSaid] = useState<string>(text.problem.copyId)
  const shown = useRef<HTMLElement>(null)
  const copy = async (): Promise<void> => setSaid(wordOf(await copyText(id, shown.current)))
  return (
    <>
      <code ref={shown}>{id}</code>
      <button className="button bare" type="button" onClick={copy}>
        {said}
      </button>
    </>
  )
}
