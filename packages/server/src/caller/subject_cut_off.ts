import type { SubjectState } from '@countersign/core'
import type { ReadRepositories } from '@countersign/store'

/** The number from which on credentials of a subject count; 0 where none of its were ever ended. */
export async function subjectCutOff(
  { statusEntries }: Pick<ReadRepositories, 'statusEntries'>,
  tenant: string,
  subject: string,
): Promise<number> {
  const said = await statusEntries.find(tenant, 'subject', subject)
  return (said?.state as SubjectState | undefined)?.cutOff ?? 0
}
