/** Ends what one application was allowed at one API. */
import type { ReactNode } from 'react'
import { call } from '../../shared/api/call.ts'
import type { Connection } from '../../shared/api/queries.ts'
import { FinalDialog } from '../../shared/kit/final_dialog.tsx'
import { Tags } from '../../shared/kit/tags.tsx'
import { connections as connectionsText } from '../../shared/text/connections.ts'
import { ago } from '../../shared/time.ts'
import type { Revoked } from '../key/receipt.tsx'

const { dialog } = connectionsText

interface RemoveDialogProps {
  /** `undefined` while the dialog is closed. */
  readonly of: Connection | undefined
  readonly isStale: boolean
  readonly onClose: () => void
  readonly onRemoved: (removed: Revoked) => void
}

export function RemoveDialog({ of, isStale, onClose, onRemoved }: RemoveDialogProps): ReactNode {
  const submit = async (): Promise<void> => {
    if (of === undefined) return
    const beganAt = performance.now()
    const { feedSequence, verifiers } = await call('revokeConsent', { params: { id: of.id }, body: {} })
    onRemoved({ feedSequence, beganAt, ...verifiers })
  }
  return (
    <FinalDialog
      of={of?.id}
      title={dialog.title(of?.client.name ?? '')}
      detail={dialog.detail}
      words={dialog}
      reads={['connections']}
      isStale={isStale}
      onClose={onClose}
      onSubmit={submit}
    >
      {of !== undefined && (
        <>
          <p>{dialog.used(ago(of.lastUsedAt))}</p>
          <Tags scope={of.scope} />
        </>
      )}
    </FinalDialog>
  )
}
