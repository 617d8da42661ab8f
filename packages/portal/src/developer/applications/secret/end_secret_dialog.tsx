/** Final, and one secret: what it breaks stands before it. */
import type { ReactNode } from 'react'
import { call } from '../../../shared/api/call.ts'
import { type Client, clientReads } from '../../../shared/api/queries.ts'
import { Reason } from '../../../shared/kit/fields/reason.tsx'
import { FinalDialog, type Given } from '../../../shared/kit/final_dialog.tsx'
import { Exactly } from '../../../shared/kit/time.tsx'
import { applicationsText as words } from '../../../shared/text/applications.ts'
import { LastDay } from '../../key/last_day.tsx'
import type { Revoked } from '../../key/receipt.tsx'
import { secretsNow } from './secrets_now.ts'

const { endSecret } = words

interface EndSecretDialogProps {
  readonly of: Client
  /** `undefined` while the dialog is closed. */
  readonly secretId: string | undefined
  readonly isStale: boolean
  readonly onClose: () => void
  readonly onEnded: (ended: Revoked) => void
}

export function EndSecretDialog({ of: client, secretId, isStale, onClose, onEnded }: EndSecretDialogProps): ReactNode {
  const { clientId, secrets } = client
  const { working } = secretsNow(secrets)
  // An address may name one that has ended, or another application's.
  const secret = working.find(({ id }) => id === secretId)
  const submit = async (body: Given): Promise<void> => {
    if (secret === undefined) return
    const beganAt = performance.now()
    const { feedSequence, verifiers } = await call('revokeClientSecret', { params: { clientId, id: secret.id }, body })
    onEnded({ feedSequence, beganAt, ...verifiers })
  }
  return (
    <FinalDialog
      of={secret?.id}
      title={endSecret.title(secret?.id ?? '')}
      detail={endSecret.detail}
      words={endSecret}
      reads={clientReads}
      isStale={isStale}
      onClose={onClose}
      onSubmit={submit}
    >
      {secret !== undefined && (
        <>
          <p>
            {endSecret.made} <Exactly at={secret.createdAt} />
          </p>
          <p>{working.length === 1 ? endSecret.last : endSecret.others(working.length - 1)}</p>
          <LastDay of={{ clientId }} words={endSecret} />
        </>
      )}
      <Reason />
    </FinalDialog>
  )
}
