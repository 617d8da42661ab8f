/** The key, once. Leaving wants a copy that happened, or the word that it was stored. */

import { useNavigate } from '@tanstack/react-router'
import {
  type ReactNode,
  type RefObject,
  useCallback,
  useEffect,
  useEffectEvent,
  useLayoutEffect,
  useRef,
  useState,
} from 'react'
import type { Key } from '../../shared/api/queries.ts'
import { copyText, wordOf } from '../../shared/copy.ts'
import { Icon } from '../../shared/kit/icon.tsx'
import { ScreenTitle } from '../../shared/kit/screen_title.tsx'
import { SecretText } from '../../shared/kit/secret_text.tsx'
import { saveFile } from '../../shared/save_file.ts'
import { secretOnce } from '../../shared/secret_once.ts'
import { text } from '../../shared/text.ts'
import { atTime } from '../../shared/time.ts'
import { focusLater } from '../focus_later.ts'
import { CopyAs } from './copy_as.tsx'
import { Crumbs } from './crumbs.tsx'
import { Ruler } from './ruler.tsx'
import { Stub } from './stub.tsx'

const { reveal } = text

export function Reveal({ of: key }: { readonly of: Key }): ReactNode {
  const shown = useRef<HTMLDivElement>(null)
  const [said, setSaid] = useState<string>(reveal.notCopied)
  const gate = useGate(() => {
    setSaid(reveal.gated)
    shown.current?.focus()
  })
  const oldUntil = secretOnce.of(key.id)?.oldUntil
  const take = (why: string): void => {
    gate.copied()
    setSaid(why)
  }
  const tick = (isStored: boolean): void => {
    gate.stored(isStored)
    setSaid(isStored ? reveal.storedSaid : reveal.storedNot)
  }
  return (
    <>
      <Crumbs name={key.name} />
      <div className="head">
        <div>
          <ScreenTitle>{reveal.ready(key.name)}</ScreenTitle>
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
          <Takes id={key.id} shown={shown} onTaken={take} onSaid={setSaid} />
          <p className="said quiet" role="status">
            {said}
          </p>
        </div>
        <Stub of={key} />
      </section>
      <Leave id={key.id} isOpen={gate.isOpen} isStored={gate.isStored} onTick={tick} />
    </>
  )
}

interface TakesProps {
  readonly id: string
  readonly shown: RefObject<HTMLDivElement | null>
  readonly onTaken: (said: string) => void
  readonly onSaid: (said: string) => void
}

/** The ways to take the key along. Nothing tells whether the browser has kept a file, so a download opens no gate. */
function Takes({ id, shown, onTaken, onSaid }: TakesProps): ReactNode {
  const [word, setWord] = useState<string>(reveal.copy)
  const copy = async (): Promise<void> => {
    const copied = await copyText(secretOnce.of(id)?.text ?? '', shown.current)
    setWord(copied === 'copied' ? reveal.copy : wordOf(copied))
    if (copied === 'copied') onTaken(reveal.copied)
    else onSaid(copied === 'selected' ? reveal.failed : reveal.failedWholly)
  }
  const download = (): void => {
    saveFile('countersign.env', 'text/plain', `COUNTERSIGN_KEY=${secretOnce.of(id)?.text ?? ''}\n`)
    onSaid(reveal.given)
  }
  return (
    <div className="acts">
      <button className="button primary" type="button" onClick={copy}>
        <Icon name="copy" />
        {word}
      </button>
      <button className="button" type="button" onClick={download}>
        <Icon name="download" />
        {reveal.download}
      </button>
      <CopyAs id={id} onCopied={(isDone) => (isDone ? onTaken(reveal.copiedAs) : onSaid(reveal.failedWholly))} />
    </div>
  )
}

interface LeaveProps {
  readonly id: string
  readonly isOpen: boolean
  readonly isStored: boolean
  readonly onTick: (isStored: boolean) => void
}

function Leave({ id, isOpen, isStored, onTick }: LeaveProps): ReactNode {
  const navigate = useNavigate()
  const leave = (): void => {
    focusLater.set(id)
    void navigate({ to: '/keys', search: {} })
  }
  return (
    <div className="leave">
      <label>
        <input type="checkbox" checked={isStored} onChange={() => onTick(!isStored)} /> {reveal.stored}
      </label>
      <button className="button" type="button" aria-disabled={!isOpen} onClick={leave}>
        {reveal.back}
      </button>
    </div>
  )
}

function Secret({ id, ref }: { readonly id: string; readonly ref: RefObject<HTMLDivElement | null> }): ReactNode {
  const [length] = useState(() => secretOnce.of(id)?.text.length ?? 0)
  const read = useCallback(() => secretOnce.of(id)?.text ?? '', [id])
  return (
    <>
      <SecretText read={read} label={reveal.label(length)} ref={ref} />
      <Ruler prefixLength={length - 56} />
    </>
  )
}

/** Open once it was copied, and while the tick stands. What is left behind is forgotten. */
function useGate(onKept: () => void) {
  const [isCopied, setCopied] = useState(false)
  const [isStored, setStored] = useState(false)
  const keep = useEffectEvent(onKept)
  useEffect(() => {
    const end = secretOnce.onKept(() => keep())
    return () => {
      end()
      secretOnce.forget()
    }
  }, [])
  const isOpen = isCopied || isStored
  // Before any navigation that the same press begins.
  useLayoutEffect(() => secretOnce.take(isOpen), [isOpen])
  return { isOpen, isStored, copied: () => setCopied(true), stored: setStored }
}
