import { type Holder, Shares } from '@countersign/core'
import { serverLimits } from '../../limits.ts'

/** The calls to APIs that are under way in this process. */
export interface CallRoom {
  /** A function that gives the place back, once however often it is called; or who has as many calls as may be. */
  take(holder: Holder): (() => void) | 'caller' | 'server'
}

export function createCallRoom(): CallRoom {
  const shares = new Shares(serverLimits.callsMax)
  const ofCallers = new Map<string, number>()
  return {
    take(holder) {
      const name = holder.credential ?? ''
      const before = ofCallers.get(name) ?? 0
      if (before >= serverLimits.callsOfCallerMax) return 'caller'
      if (!shares.take(holder)) return 'server'
      ofCallers.set(name, before + 1)
      let isTaken = true
      return () => {
        if (!isTaken) return
        isTaken = false
        shares.give(holder)
        const left = (ofCallers.get(name) ?? 1) - 1
        if (left === 0) ofCallers.delete(name)
        else ofCallers.set(name, left)
      }
    },
  }
}
