/** Final, and one token. */
import type { ReactNode } from 'react'
import { call } from '../../../shared/api/call.ts'
import type { Token } from '../../../shared/api/queries.ts'
import { Reason } from '../../../shared/kit/fields/reason.tsx'
import { FinalDialog, type Given } from '../../../shared/kit/final_dialog.tsx'
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
  const name = token?.name || (token?.jti ?? '')
  const submit = async (body: Given): Promise<void> => {
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
      <Reason />
    </FinalDialog>
  )
}
