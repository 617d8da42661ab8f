/** Final, and one token. */
import { type ReactNode, useState } from 'react'
import { call } from '../../../shared/api/call.ts'
import type { Token } from '../../../shared/api/queries.ts'
import { FinalDialog } from '../../../shared/kit/final_dialog.tsx'
import { Tags } from '../../../shared/kit/tags.tsx'
import { toasts } from '../../../shared/kit/toasts.tsx'
import { tokens } from '../../../shared/text/tokens.ts'
import { text } from '../../../shared/text.ts'

const words = tokens.dialog

interface RevokeTokenProps {
  /** `undefined` while the dialog is closed. */
  readonly of: Token | undefined
  readonly isStale: boolean
  readonly onClose: () => void
}

export function RevokeToken({ of: token, isStale, onClose }: RevokeTokenProps): ReactNode {
  const [reason, setReason] = useState('')
  const name = token?.name || (token?.jti ?? '')
  const submit = async (): Promise<void> => {
    const body = reason.trim() === '' ? {} : { reason: reason.trim() }
    const { verifiers } = await call('revokeToken', { params: { jti: token?.jti ?? '' }, body })
    const { applied, total } = verifiers
    toasts.add({
      title: `${tokens.revoked(name)}. ${total === 0 ? text.revoke.own : text.revoke.receipt(applied, total)}`,
    })
  }
  return (
    <FinalDialog
      of={token?.jti}
      title={words.title(name)}
      detail={words.detail}
      words={words}
      reads={['tokens', 'usage']}
      isStale={isStale}
      onClose={onClose}
      onSubmit={submit}
    >
      <Tags scope={token?.scope ?? ''} />
      <div className="labelled">
        <label htmlFor="reason">{words.reason}</label>
        <input
          id="reason"
          className="input"
          maxLength={500}
          value={reason}
          onChange={({ target }) => setReason(target.value)}
        />
      </div>
    </FinalDialog>
  )
}
