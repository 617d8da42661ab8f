/** Final, and one application: what ends with it stands before it. */
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../../shared/api/call.ts'
import { type Client, clientReads, keysQuery } from '../../shared/api/queries.ts'
import { FinalDialog } from '../../shared/kit/final_dialog.tsx'
import { applicationsText as words } from '../../shared/text/applications.ts'
import { LastDay } from '../key/last_day.tsx'
import type { Revoked } from '../key/receipt.tsx'
import { secretsNow } from './secret/secrets_now.ts'
import { hasSecret } from './types.ts'

const { remove } = words

interface DeleteDialogProps {
  readonly of: Client
  readonly isOpen: boolean
  readonly isStale: boolean
  readonly onClose: () => void
  readonly onDeleted: (receipt: Revoked) => void
}

export function DeleteDialog({ of: client, isOpen, isStale, onClose, onDeleted }: DeleteDialogProps): ReactNode {
  const { clientId, name, secrets, type } = client
  const submit = async (): Promise<void> => {
    const beganAt = performance.now()
    const { feedSequence, verifiers } = await call('deleteClient', { params: { clientId } })
    onDeleted({ feedSequence, beganAt, ...verifiers })
  }
  return (
    <FinalDialog
      of={isOpen ? clientId : undefined}
      title={remove.title(name)}
      detail={remove.detail}
      words={remove}
      reads={clientReads}
      isStale={isStale}
      onClose={onClose}
      onSubmit={submit}
    >
      {isOpen && (
        <>
          <Keys clientId={clientId} />
          {hasSecret(type) && <p>{remove.secrets(secretsNow(secrets).working.length)}</p>}
          <LastDay of={{ clientId }} words={remove} />
        </>
      )}
    </FinalDialog>
  )
}

/** The keys that work; of more than a page, that there are more. */
function Keys({ clientId }: { readonly clientId: string }): ReactNode {
  const { data, error } = useQuery(keysQuery({ clientId, status: 'active' }))
  if (data === undefined) return <p role="status">{error === null ? remove.asking : remove.keysUnknown}</p>
  return <p role="status">{remove.keys(data.data.length, data.next !== null)}</p>
}
