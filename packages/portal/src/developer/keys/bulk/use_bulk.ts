/** Acts on the selected keys: how far each has come, what became of it, and Undo. */
import { useState } from 'react'
import { call } from '../../../shared/api/call.ts'
import { keyReads, type ListedKey } from '../../../shared/api/queries.ts'
import type { Given } from '../../../shared/kit/final_dialog.tsx'
import { toasts } from '../../../shared/kit/toasts.tsx'
import { bulk as words } from '../../../shared/text/bulk.ts'
import { text } from '../../../shared/text.ts'
import { type Act, useAct } from '../../../shared/use_act.ts'
import type { Revoked } from '../../key/receipt.tsx'
import { type Done, doEach } from './do_each.ts'
import { laterEnd } from './later_end.ts'

export type Outcome = Done<ListedKey>

export interface BulkActs {
  readonly act: Act
  /** How many were tried, of how many; `undefined` while nothing is done. */
  readonly progress: readonly [tried: number, many: number] | undefined
  /** The result of the last act; `undefined` before, and while one is done. */
  readonly outcome: Outcome | undefined
  readonly receipt: Revoked | undefined
  disable(keys: readonly ListedKey[]): Promise<void>
  extend(keys: readonly ListedKey[], days: number): Promise<void>
  /** For the dialog, which reads again by itself. */
  revoke(keys: readonly ListedKey[], body: Given): Promise<void>
}

/** `onDone`: told the ids of the keys that need nothing more. */
export function useBulk(onDone: (ids: readonly string[]) => void): BulkActs {
  const act = useAct(...keyReads)
  const { each, outcome, progress } = useEach(onDone)
  const [receipt, setReceipt] = useState<Revoked>()
  /** Gives those for which it was done, once the list was read again. */
  const run = async (keys: readonly ListedKey[], one: (key: ListedKey) => Promise<unknown>) => {
    let done: readonly ListedKey[] = []
    await act.run(async () => {
      done = (await each(keys, one)).done
    })
    return done
  }
  const enable = async (keys: readonly ListedKey[]): Promise<void> => {
    const done = await run(keys, ({ id }) => call('enableKey', { params: { id } }))
    if (done.length > 0) toasts.add({ title: words.enabled(done.length) })
  }
  return {
    act,
    progress,
    outcome,
    receipt,
    async disable(keys) {
      const done = await run(keys, ({ id }) => call('disableKey', { params: { id } }))
      if (done.length === 0) return
      const undo = { children: text.act.undo, onClick: () => void enable(done) }
      toasts.add({ title: words.disabled(done.length), actionProps: undo })
    },
    async extend(keys, days) {
      const done = await run(keys, async ({ id }) => {
        // The end of now: by the one that the list showed, a later one would be taken back.
        const { expiresAt } = await call('getKey', { params: { id } })
        if (expiresAt === null) return
        await call('updateKey', { params: { id }, body: { expiresAt: laterEnd(expiresAt, days) } })
      })
      if (done.length > 0) toasts.add({ title: words.extended(done.length) })
    },
    async revoke(keys, body) {
      const beganAt = performance.now()
      const { done } = await each(keys, async ({ id }) => {
        const { feedSequence, verifiers } = await call('revokeKey', { params: { id }, body })
        // A verifier that has the last entry has those before it.
        setReceipt({ feedSequence, beganAt, ...verifiers })
      })
      if (done.length > 0) toasts.add({ title: words.revoked(done.length) })
    },
  }
}

function useEach(onDone: (ids: readonly string[]) => void) {
  const [progress, setProgress] = useState<BulkActs['progress']>()
  const [outcome, setOutcome] = useState<Outcome>()
  const each = async (keys: readonly ListedKey[], one: (key: ListedKey) => Promise<unknown>): Promise<Outcome> => {
    setOutcome(undefined)
    setProgress([0, keys.length])
    try {
      const result = await doEach(keys, one, (many) => setProgress([many, keys.length]))
      setOutcome(result)
      onDone(result.done.map(({ id }) => id))
      return result
    } finally {
      setProgress(undefined)
    }
  }
  return { each, outcome, progress }
}
