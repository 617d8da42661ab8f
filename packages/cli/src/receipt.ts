import { setTimeout as pause } from 'node:timers/promises'
import type { ManagementClient } from '@countersign/client'
import { CommandError } from './exit.ts'
import { note } from './output.ts'

const askEveryMs = 200

/**
 * Until every verifier has applied the change, or refuses by itself because its bound has passed. Says on standard error
 * how many and how long. Throws `unavailable` with who is behind when `seconds` have passed.
 */
export async function waitForVerifiers(management: ManagementClient, sequence: number, seconds: number): Promise<void> {
  // Nothing was changed, so there is nothing to wait for.
  if (sequence === 0) return
  const beganAt = performance.now()
  for (;;) {
    const receipt = await management.getRevocation({ params: { feedSequence: String(sequence) } })
    const applied = receipt.verifiers.filter(({ appliedAt }) => appliedAt !== null)
    const elapsed = (performance.now() - beganAt) / 1000
    if (receipt.complete) {
      const silent = receipt.verifiers.length - applied.length
      const others = silent === 0 ? '' : `; ${silent} refuse by themselves, being past their bound`
      note(
        `applied by ${applied.length} of ${receipt.verifiers.length} verifiers after ${elapsed.toFixed(1)} s${others}`,
      )
      return
    }
    if (elapsed > seconds) {
      const behind = receipt.verifiers.filter(({ appliedAt }) => appliedAt === null)
      const names = behind.map(({ id, askedAt }) => `${id} (last heard ${askedAt})`).join(', ')
      throw new CommandError('unavailable', `${behind.length} verifiers are behind: ${names}`)
    }
    await pause(askEveryMs)
  }
}
