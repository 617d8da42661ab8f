import { attempts } from '../../shared/api/attempts.ts'

export const rollName = (keyId: string): string => `roll ${keyId}`

/** The roll of the key whose answer is owed: its retry is the same roll, and is given the key that it made. */
export function owedRoll(keyId: string): { readonly graceSeconds: number } | undefined {
  return attempts.owed(rollName(keyId))
}
