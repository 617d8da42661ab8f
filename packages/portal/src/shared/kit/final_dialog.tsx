/** A dialog before what is final, with the facts. Focus begins at Cancel: nothing final is the first key pressed. */
import { AlertDialog } from '@base-ui/react/alert-dialog'
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import { text } from '../text.ts'
import { useAct } from '../use_act.ts'
import { Problem } from './problem.tsx'

/** The members of the body that the form gives. */
export interface Given {
  readonly reason?: string
}

interface FinalDialogProps {
  /** The id of the thing; `undefined` while the dialog is closed. */
  readonly of: string | undefined
  readonly title: string
  readonly detail: string
  readonly words: { readonly submit: string; readonly submitting: string }
  /** The reads that are done again afterwards, also after an answer that was lost: as in `useAct`. */
  readonly reads: readonly string[]
  /** The facts are of before: nothing is decided by them. */
  readonly isStale: boolean
  /** Something that the form asks for is still missing. Default: nothing is. */
  readonly isBlocked?: boolean
  /** Does it. Where it rejects, the dialog stays open and says why; otherwise it closes. */
  readonly onSubmit: (given: Given) => Promise<void>
  readonly onClose: () => void
  /** The facts, and the fields of the form. */
  readonly children: ReactNode
}

/** It stays open while it sends, so that somebody sees how that went. */
export function FinalDialog(props: FinalDialogProps): ReactNode {
  const { of, title, detail, words, reads, isStale, isBlocked = false, onSubmit, onClose, children } = props
  const cancel = useRef<HTMLButtonElement>(null)
  const shown = useShown(of)
  const act = useAct(...reads)
  /** The thing that the last refusal is about, until its dialog is closed. */
  const [sent, setSent] = useState<string>()
  const close = (): void => {
    setSent(undefined)
    onClose()
  }
  const isSending = act.isSending && sent === of
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const reason = String(new FormData(event.currentTarget).get('reason') ?? '').trim()
    if (isStale || isBlocked || act.isSending) return
    setSent(of)
    void act.run(async () => {
      await onSubmit(reason === '' ? {} : { reason })
      // Somebody may have gone back meanwhile, and on to the dialog of another thing.
      if (shown.current !== null && (shown.current ?? of) === of) close()
    })
  }
  return (
    <AlertDialog.Root open={of !== undefined} onOpenChange={(next) => next || isSending || close()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="backdrop" />
        <AlertDialog.Popup className="dialog" initialFocus={cancel}>
          <AlertDialog.Title>{title}</AlertDialog.Title>
          <AlertDialog.Description>{detail}</AlertDialog.Description>
          <form className="stack" onSubmit={submit}>
            {children}
            {isStale && <p role="status">{text.problem.staleAct}</p>}
            {act.error !== undefined && sent === of && <Problem error={act.error} />}
            <footer className="acts final">
              <button className="button danger" type="submit" aria-disabled={act.isSending || isStale || isBlocked}>
                {isSending ? words.submitting : words.submit}
              </button>
              <AlertDialog.Close className="button" ref={cancel} aria-disabled={isSending}>
                {text.act.cancel}
              </AlertDialog.Close>
            </footer>
          </form>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}

/** The id of what is shown now: `undefined` also where the thing is gone from the data, null once the screen was left. */
function useShown(of: string | undefined): { readonly current: string | undefined | null } {
  const shown = useRef<string | undefined | null>(of)
  useEffect(() => {
    shown.current = of
    return () => {
      shown.current = null
    }
  }, [of])
  return shown
}
