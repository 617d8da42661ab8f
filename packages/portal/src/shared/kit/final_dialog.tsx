/** A dialog before what is final and concerns one thing, with the facts. Focus begins at Cancel: nothing final is the first key pressed. */
import { AlertDialog } from '@base-ui/react/alert-dialog'
import { type FormEvent, type ReactNode, type RefObject, useRef, useState } from 'react'
import { text } from '../text.ts'
import { Problem } from './problem.tsx'

interface FormProps {
  readonly words: { readonly submit: string; readonly submitting: string }
  /** Does it. Where it rejects, the dialog stays open and says why; otherwise it closes. */
  readonly onSubmit: () => Promise<void>
  readonly onClose: () => void
  /** The facts, and the fields of the form. */
  readonly children: ReactNode
}

interface FinalDialogProps extends FormProps {
  readonly title: string
  readonly detail: string
  readonly isOpen: boolean
}

export function FinalDialog({ title, detail, isOpen, ...form }: FinalDialogProps): ReactNode {
  const cancel = useRef<HTMLButtonElement>(null)
  return (
    <AlertDialog.Root open={isOpen} onOpenChange={(next) => next || form.onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="backdrop" />
        <AlertDialog.Popup className="dialog" initialFocus={cancel}>
          <AlertDialog.Title>{title}</AlertDialog.Title>
          <AlertDialog.Description>{detail}</AlertDialog.Description>
          <Form {...form} cancel={cancel} />
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}

/** Made anew each time the dialog opens. */
function Form({
  words,
  onSubmit,
  onClose,
  children,
  cancel,
}: FormProps & { readonly cancel: RefObject<HTMLButtonElement | null> }): ReactNode {
  const [isSending, setSending] = useState(false)
  const [error, setError] = useState<unknown>()
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (isSending) return
    setSending(true)
    setError(undefined)
    try {
      await onSubmit()
      onClose()
    } catch (problem) {
      setError(problem)
      setSending(false)
    }
  }
  return (
    <form className="stack" onSubmit={submit}>
      {children}
      {error !== undefined && <Problem error={error} />}
      <footer className="acts final">
        <button className="button danger" type="submit" aria-disabled={isSending}>
          {isSending ? words.submitting : words.submit}
        </button>
        <AlertDialog.Close className="button" ref={cancel}>
          {text.act.cancel}
        </AlertDialog.Close>
      </footer>
    </form>
  )
}
