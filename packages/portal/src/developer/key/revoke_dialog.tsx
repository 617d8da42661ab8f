/** Final, and one key: a dialog with what it breaks. It says revoked only when the server has. */
import { AlertDialog } from '@base-ui/react/alert-dialog'
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, type RefObject, useRef, useState } from 'react'
import { call } from '../../shared/api/call.ts'
import type { Key } from '../../shared/api/queries.ts'
import { Problem } from '../../shared/kit/problem.tsx'
import { Tags } from '../../shared/kit/tags.tsx'
import { text } from '../../shared/text.ts'
import { LastDay } from './last_day.tsx'
import type { Revoked } from './receipt.tsx'

const { revoke } = text

interface RevokeDialogProps {
  readonly of: Key
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly onRevoked: (revoked: Revoked) => void
}

/** Focus begins at Cancel: what is final is nobody's first key. */
export function RevokeDialog({ of: key, isOpen, onClose, onRevoked }: RevokeDialogProps): ReactNode {
  const cancel = useRef<HTMLButtonElement>(null)
  return (
    <AlertDialog.Root open={isOpen} onOpenChange={(next) => next || onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="backdrop" />
        <AlertDialog.Popup className="dialog" initialFocus={cancel}>
          <AlertDialog.Title>{revoke.title(key.name)}</AlertDialog.Title>
          <AlertDialog.Description>{revoke.detail}</AlertDialog.Description>
          <Content of={key} cancel={cancel} onClose={onClose} onRevoked={onRevoked} />
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}

interface ContentProps extends Omit<RevokeDialogProps, 'isOpen'> {
  readonly cancel: RefObject<HTMLButtonElement | null>
}

function Content({ of: key, cancel, onClose, onRevoked }: ContentProps): ReactNode {
  const queries = useQueryClient()
  const [reason, setReason] = useState('')
  const [isSending, setSending] = useState(false)
  const [error, setError] = useState<unknown>()
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (isSending) return
    setSending(true)
    setError(undefined)
    const beganAt = performance.now()
    try {
      const body = reason.trim() === '' ? {} : { reason: reason.trim() }
      const { feedSequence, verifiers } = await call('revokeKey', { params: { id: key.id }, body })
      onRevoked({ feedSequence, beganAt, ...verifiers })
      await queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'me' })
      onClose()
    } catch (problem) {
      setError(problem)
      setSending(false)
    }
  }
  return (
    <form className="stack" onSubmit={submit}>
      <LastDay of={key} words={revoke} />
      <Tags scope={key.scope} />
      <div className="labelled">
        <label htmlFor="reason">{revoke.reason}</label>
        <input
          id="reason"
          className="input"
          maxLength={500}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
      </div>
      {error !== undefined && <Problem error={error} />}
      <footer className="acts final">
        <button className="button danger" type="submit" aria-disabled={isSending}>
          {isSending ? revoke.submitting : revoke.submit}
        </button>
        <AlertDialog.Close className="button" ref={cancel}>
          {text.act.cancel}
        </AlertDialog.Close>
      </footer>
    </form>
  )
}
