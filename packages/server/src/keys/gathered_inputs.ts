import type { SignInput, SigningKey } from '@countersign/core'
import { serverLimits } from '../limits.ts'
import type { KeyOrder, Waiting } from './running_signer.ts'

/** Gathers the inputs of one turn of the event loop and hands them on by key, `count` in all; or as many as fit. */
export function gatherInputs(onGathered: (orders: readonly KeyOrder[], count: number) => void): SignInput {
  let gathered = new Map<SigningKey, Waiting[]>()
  let count = 0

  function flush(): void {
    const orders = [...gathered].map(([key, waiting]) => ({ key, waiting }))
    const flushed = count
    gathered = new Map()
    count = 0
    onGathered(orders, flushed)
  }

  return (key, input) =>
    new Promise((resolve, reject) => {
      const waiting = gathered.get(key)
      if (waiting === undefined) gathered.set(key, [{ input, resolve, reject }])
      else waiting.push({ input, resolve, reject })
      if (++count >= serverLimits.signOrderMax) flush()
      // Requests that came in with this turn have been read by then.
      else if (count === 1) setImmediate(flush)
    })
}
