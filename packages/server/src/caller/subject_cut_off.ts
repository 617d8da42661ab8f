import { type CutOffState, subjectIdentity } from '@countersign/core'
import type { ReadRepositories } from '@countersign/store'

/** The number from which on credentials of a subject or account count; 0 where none of its were ever ended. */
export async function subjectCutOff(
  { statusEntries }: Pick<ReadRepositories, 'statusEntries'>,
  tenant: string,
  subject: string,
): Promise<number> {
  const { type, id } = subjectIdentity(subject)
  const said = await statusEntries.find(tenant, type, id)
  // An account that is deleted or disabled has nothing that counts.
  if (said !== undefined && said.state.status !== 'active') return Number.MAX_SAFE_INTEGER
  return (said?.state as CutOffState | undefined)?.cutOff ?? 0
}
