/** Looks up names, a bounded number at once: each takes one of the few threads of the process until it is over. */
import { isIP } from 'node:net'
import type { Holder } from '@countersign/core'
import { createRoom } from '@countersign/verifier/engine'
import { serverLimits } from '../limits.ts'
import { OutboundError } from './outbound_error.ts'
import { bare, type ResolvedAddress } from './pinned.ts'

/**
 * All addresses of the host. Throws `OutboundError`: `busy` where there is no place in time, `timeout` where nobody waits
 * for it any more, `unknown_host`.
 */
export type LookUp = (url: URL, holder: Holder, signal: AbortSignal) => Promise<readonly ResolvedAddress[]>

export function createLookUps(resolve: (hostname: string) => Promise<readonly ResolvedAddress[]>): {
  readonly ofFetch: LookUp
  readonly ofCall: LookUp
} {
  const all = createRoom(serverLimits.lookUpsMax, serverLimits.lookUpWaitMs)
  // Calls leave one place free: the verification of others' JWTs depends on fetches.
  const calls = createRoom(serverLimits.lookUpsMax - 1, serverLimits.lookUpWaitMs)

  const lookUpIn =
    (...rooms: (typeof all)[]): LookUp =>
    async (url, holder, signal) => {
      const host = bare(url.hostname)
      if (isIP(host) !== 0) return [{ address: host, family: isIP(host) }]
      const entered: typeof rooms = []
      try {
        for (const room of rooms) {
          if (!(await room.enter(holder))) throw new OutboundError('busy')
          entered.push(room)
        }
        // Nobody waits for it any more: it takes no thread.
        if (signal.aborted) throw new OutboundError('timeout')
        return await resolve(host).catch((error: unknown) => {
          throw new OutboundError('unknown_host', error)
        })
      } finally {
        // A look-up cannot be ended: its place is free once it is over, or all threads of the process could wait for one.
        for (const room of entered) room.leave(holder)
      }
    }

  return { ofFetch: lookUpIn(all), ofCall: lookUpIn(calls, all) }
}
