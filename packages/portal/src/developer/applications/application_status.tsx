import type { ReactNode } from 'react'
import type { Client } from '../../shared/api/queries.ts'
import { Status } from '../../shared/kit/status.tsx'
import { applicationsText as words } from '../../shared/text/applications.ts'

export function ApplicationStatus({ of: { status } }: { readonly of: Pick<Client, 'status'> }): ReactNode {
  return <Status kind={status} word={words.status[status]} />
}
