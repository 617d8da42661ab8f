/** The bar of what can be done to the selected keys, and what became of it. */
import { type ReactNode, useEffect, useRef, useState } from 'react'
import type { ListedKey } from '../../../shared/api/queries.ts'
import { Icon } from '../../../shared/kit/icon.tsx'
import { Problem } from '../../../shared/kit/problem.tsx'
import { bulk as words } from '../../../shared/text/bulk.ts'
import { text } from '../../../shared/text.ts'
import type { KeyMay } from '../../key/may_of.ts'
import { Receipt } from '../../key/receipt.tsx'
import { RevokeMany } from './revoke_many.tsx'
import { type Outcome, useBulk } from './use_bulk.ts'

interface Picked {
  readonly key: ListedKey
  readonly may: KeyMay
}

interface BulkProps {
  readonly of: readonly Picked[]
  /** Every key of the page that can be selected is. */
  readonly isAll: boolean
  readonly isStale: boolean
  readonly onUnpick: (ids: readonly string[]) => void
  readonly onPickAll: () => void
}

export function Bulk({ of: picked, isAll, isStale, onUnpick, onPickAll }: BulkProps): ReactNode {
  const [isRevoking, setRevoking] = useState(false)
  useFocusAfter(picked.length)
  const acts = useBulk(onUnpick)
  const { act, outcome, progress, receipt } = acts
  const isOff = isStale || act.isSending || progress !== undefined
  const those = (may: (it: Picked) => boolean): readonly ListedKey[] => picked.filter(may).map(({ key }) => key)
  const active = those(({ may }) => may.disable)
  const ending = those(({ may, key }) => may.edit && key.expiresAt !== null)
  const revocable = those(({ may }) => may.revoke)
  const buttons: readonly (readonly [word: string, keys: readonly ListedKey[], does: () => void])[] = [
    [words.disable(active.length), active, () => void acts.disable(active)],
    ...[30, 90].map(
      (days) => [words.extend(ending.length, days), ending, () => void acts.extend(ending, days)] as const,
    ),
  ]
  return (
    <section className="bulk" aria-label={words.title}>
      {picked.length > 0 && (
        <div className="card bulk-bar">
          <b role="status">{progress === undefined ? words.picked(picked.length) : words.doing(...progress)}</b>
          {buttons.map(([word, keys, does]) => (
            <ActButton key={word} word={word} isOff={isOff || keys.length === 0} onPress={does} />
          ))}
          <ActButton
            word={words.revoke(revocable.length)}
            isOff={isOff || revocable.length === 0}
            isFinal
            onPress={() => setRevoking(true)}
          />
          <span className="grow" />
          {!isAll && (
            <button className="button bare" type="button" onClick={onPickAll}>
              {words.all}
            </button>
          )}
          <button className="button bare" type="button" onClick={() => onUnpick(picked.map(({ key }) => key.id))}>
            {words.clear}
          </button>
          {isStale && <span className="note quiet">{text.problem.staleAct}</span>}
        </div>
      )}
      {act.error !== undefined && <Problem error={act.error} />}
      {outcome !== undefined && <Failures of={outcome} />}
      {receipt !== undefined && <Receipt key={receipt.feedSequence} of={receipt} />}
      <RevokeMany
        of={revocable}
        isOpen={isRevoking}
        isStale={isStale}
        onClose={() => setRevoking(false)}
        onSubmit={(given) => acts.revoke(revocable, given)}
      />
    </section>
  )
}

interface ActButtonProps {
  readonly word: string
  readonly isOff: boolean
  readonly isFinal?: boolean
  readonly onPress: () => void
}

/** It keeps focus while it is off. */
function ActButton({ word, isOff, isFinal = false, onPress }: ActButtonProps): ReactNode {
  return (
    <button
      className={isFinal ? 'button danger' : 'button'}
      type="button"
      aria-disabled={isOff}
      onClick={() => isOff || onPress()}
    >
      {word}
    </button>
  )
}

/** Once nothing is selected any more, the bar goes, and the button that had focus with it. */
function useFocusAfter(many: number): void {
  const before = useRef(0)
  useEffect(() => {
    const isLost = document.activeElement === null || document.activeElement === document.body
    if (before.current > 0 && many === 0 && isLost) document.getElementById('main')?.focus()
    before.current = many
  }, [many])
}

/** Each that failed, with its reason. A proof that is wanted leads to where it is given. */
function Failures({ of: { failed, left } }: { readonly of: Outcome }): ReactNode {
  if (failed.length === 0) return null
  const stepUp = failed.find(({ error }) => error.code === 'step_up_required')
  const others = failed.filter((each) => each !== stepUp)
  return (
    <>
      {stepUp !== undefined && <Problem error={stepUp.error} />}
      <section className="notice bad" role="alert">
        <Icon name="warning" />
        <div className="stack">
          <h2>{words.failed(failed.length)}</h2>
          {others.length > 0 && (
            <ul>
              {others.map(({ item, error }) => (
                <li key={item.id}>
                  <b>{item.name}</b> <code>{item.id}</code>: {error.message}
                </li>
              ))}
            </ul>
          )}
          {left.length > 0 && <p>{words.left(left.length)}</p>}
        </div>
      </section>
    </>
  )
}
