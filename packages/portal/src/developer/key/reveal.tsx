/** The key, once. Leaving wants a copy that happened, a download, or the word that it was stored. */
import { useBlocker, useNavigate } from '@tanstack/react-router'
import { type ReactNode, type RefObject, useEffect, useRef, useState } from 'react'
import type { Key } from '../../shared/api/queries.ts'
import { copyText, selectAll } from '../../shared/copy.ts'
import { Icon } from '../../shared/kit/icon.tsx'
import { secretOnce } from '../../shared/secret_once.ts'
import { text } from '../../shared/text.ts'
import { atTime } from '../../shared/time.ts'
import { useTitle } from '../../shared/use_title.ts'
import { focusLater } from '../focus_later.ts'
import { CopyAs } from './copy_as.tsx'
import { Crumbs } from './crumbs.tsx'
import { downloadEnv } from './download_env.ts'
import { Ruler } from './ruler.tsx'
import { Stub } from './stub.tsx'

const { reveal } = text

export function Reveal({ of: key }: { readonly of: Key }): ReactNode {
  useTitle(reveal.ready(key.name))
  const shown = useRef<HTMLDivElement>(null)
  const [said, setSaid] = useState<string>(reveal.notCopied)
  const gate = useGate(() => {
    setSaid(reveal.gated)
    shown.current?.focus()
  })
  const oldUntil = secretOnce.of(key.id)?.oldUntil
  const release = (why: string): void => {
    gate.open()
    setSaid(why)
  }
  return (
    <>
      <Crumbs name={key.name} />
      <div className="head">
        <div>
          <h1>{reveal.ready(key.name)}</h1>
          <p>
            {reveal.lead} {oldUntil !== undefined && reveal.oldUntil(atTime(oldUntil))}
          </p>
        </div>
      </div>
      <section className="ticket" aria-labelledby="once">
        <div className="body">
          <p className="once" id="once">
            <Icon name="eye" />
            {reveal.once}
          </p>
          <Secret id={key.id} ref={shown} />
          <Takes id={key.id} shown={shown} onTaken={release} onFailed={() => setSaid(reveal.failed)} />
          <p className="said quiet" role="status">
            {said}
          </p>
        </div>
        <Stub of={key} />
      </section>
      <Leave id={key.id} isOpen={gate.isOpen} onStored={() => release(reveal.storedSaid)} onTakenBack={gate.close} />
    </>
  )
}

interface TakesProps {
  readonly id: string
  readonly shown: RefObject<HTMLDivElement | null>
  readonly onTaken: (said: string) => void
  readonly onFailed: () => void
}

/** The ways to take the key along. */
function Takes({ id, shown, onTaken, onFailed }: TakesProps): ReactNode {
  const copy = async (): Promise<void> => {
    const element = shown.current
    if (element === null) return
    if (await copyText(element.textContent ?? '', element)) return onTaken(reveal.copied)
    selectAll(element)
    onFailed()
  }
  const download = (): void => {
    downloadEnv(id)
    onTaken(reveal.saved)
  }
  return (
    <div className="acts">
      <button className="button primary" type="button" onClick={copy}>
        <Icon name="copy" />
        {reveal.copy}
      </button>
      <button className="button" type="button" onClick={download}>
        <Icon name="download" />
        {reveal.download}
      </button>
      <CopyAs id={id} onCopied={(isDone) => (isDone ? onTaken(reveal.copiedAs) : onFailed())} />
    </div>
  )
}

interface LeaveProps {
  readonly id: string
  readonly isOpen: boolean
  readonly onStored: () => void
  readonly onTakenBack: () => void
}

function Leave({ id, isOpen, onStored, onTakenBack }: LeaveProps): ReactNode {
  const navigate = useNavigate()
  const [isStored, setStored] = useState(false)
  const tick = (): void => {
    setStored(!isStored)
    if (isStored) onTakenBack()
    else onStored()
  }
  const leave = (): void => {
    focusLater.set(id)
    void navigate({ to: '/keys', search: {} })
  }
  return (
    <div className="leave">
      <label>
        <input type="checkbox" checked={isStored} onChange={tick} /> {reveal.stored}
      </label>
      <button className="button" type="button" aria-disabled={!isOpen} onClick={leave}>
        {reveal.back}
      </button>
    </div>
  )
}

/** The text goes into the element by hand: no property of a component ever has it. */
function Secret({ id, ref }: { readonly id: string; readonly ref: RefObject<HTMLDivElement | null> }): ReactNode {
  const [length] = useState(() => secretOnce.of(id)?.text.length ?? 0)
  useEffect(() => {
    const element = ref.current
    if (element !== null) element.textContent = secretOnce.of(id)?.text ?? ''
    return () => {
      if (element !== null) element.textContent = ''
    }
  }, [id, ref])
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a field would not be one text that is selected byte for byte. */}
      <div
        className="secret"
        ref={ref}
        tabIndex={0}
        role="textbox"
        aria-readonly="true"
        aria-label={reveal.label(length)}
      />
      <Ruler prefixLength={length - 56} />
    </>
  )
}

/** Back, a link, and closing the window wait until it is open. What is left behind is forgotten. */
function useGate(onBlocked: () => void) {
  const [isOpen, setOpen] = useState(false)
  const isOpenNow = useRef(false)
  useBlocker({
    shouldBlockFn: () => {
      if (!isOpenNow.current) onBlocked()
      return !isOpenNow.current
    },
    enableBeforeUnload: () => !isOpenNow.current,
  })
  useEffect(() => () => secretOnce.forget(), [])
  const set = (next: boolean): void => {
    isOpenNow.current = next
    setOpen(next)
  }
  return { isOpen, open: () => set(true), close: () => set(false) }
}
