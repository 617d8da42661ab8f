/** Final, and one key: what it breaks stands before it. It says revoked only when the server has. */
import type { ReactNode } from 'react'
import { call } from '../../shared/api/call.ts'
import { type Key, keyReads } from '../../shared/api/queries.ts'
import { Reason } from '../../shared/kit/fields/reason.tsx'
import { FinalDialog, type Given } from '../../shared/kit/final_dialog.tsx'
import { Tags } from '../../shared/kit/tags.tsx'
import { text } from '../../shared/text.ts'
import { LastDay } from './last_day.tsx'
import type { Revoked } from './receipt.tsx'

const { revoke } = text

interface RevokeDialogProps {
  readonly of: Key
  readonly isOpen: boolean
  readonly isStale: boolean
  readonly onClose: () => void
  readonly onRevoked: (revoked: Revoked) => void
}

export function RevokeDialog({ of: key, isOpen, isStale, onClose, onRevoked }: RevokeDialogProps): ReactNode {
  const submit = async (body: Given): Promise<void> => {
    const beganAt = performance.now()
    const { feedSequence, verifiers } = await call('revokeKey', { params: { id: key.id }, body })
    onRevoked({ feedSequence, beganAt, ...verifiers })
  }
  return (
    <FinalDialog
      of={isOpen ? key.id : undefined}
      title={revoke.title(key.name)}
      detail={revoke.detail}
      words={revoke}
      reads={keyReads}
      isStale={isStale}
      onClose={onClose}
      onSubmit={submit}
    >
      <LastDay of={{ keyId: key.id }} lastUsedAt={key.lastUsedAt} words={revoke} />
      <Tags scope={key.scope} />
      <Reason />
    </FinalDialog>
  )
}
