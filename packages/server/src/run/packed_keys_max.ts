import { totalmem } from 'node:os'
import { serverLimits } from '../limits.ts'

/**
 * How many API keys one of `processes` may know without asking the database: what a quarter of `memoryBytes` holds, divided
 * among them, within the limits.
 */
export function packedKeysMax(processes: number, memoryBytes: number): number {
  const { credentialsPackedMin, credentialsPackedMax, credentialPackedBytes } = serverLimits
  const possible = Math.floor(memoryBytes / 4 / processes / credentialPackedBytes)
  return Math.min(credentialsPackedMax, Math.max(credentialsPackedMin, possible))
}

/** The machine's memory, or what its container is allowed. Where nothing limits the process, Node says 0 or more than there is. */
export function readMemoryBytes(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY)
}
