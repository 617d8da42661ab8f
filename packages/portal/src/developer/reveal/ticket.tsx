/** A secret, once. Leaving wants a copy that happened, or the word that it was stored. */
import { type ReactNode, type RefObject, useCallback, useRef, useState } from 'react'
import { copyText, wordOf } from '../../shared/copy.ts'
import { Icon } from '../../shared/kit/icon.tsx'
import { SecretText } from '../../shared/kit/secret_text.tsx'
import { saveFile } from '../../shared/save_file.ts'
import { secretOnce } from '../../shared/secret_once.ts'
import { text } from '../../shared/text.ts'
import { CopyAs } from './copy_as.tsx'
import { useGate } from './use_gate.ts'

const { reveal } = text

/** The words that name what is shown. */
interface Words {
  readonly once: string
  readonly label: (length: number) => string
  readonly copy: string
  readonly failed: string
  readonly failedWholly: string
  readonly gated: string
  readonly back: string
}

export interface TicketProps {
  /** As it was held in `secretOnce`. */
  readonly id: string
  readonly words: Words
  /** The environment variable that shall have it. */
  readonly variable: string
  /** Whether calls carry it as it is. */
  readonly isBearer?: true
  /** Stands below the text, whose length it is given. */
  readonly ruler?: (length: number) => ReactNode
  /** The part of the ticket that one keeps. */
  readonly stub: ReactNode
  readonly onLeave: () => void
}

export function Ticket(props: TicketProps): ReactNode {
  const { id, words, stub, onLeave, ruler } = props
  const shown = useRef<HTMLDivElement>(null)
  const [said, setSaid] = useState<string>(reveal.notCopied)
  const gate = useGate(() => {
    setSaid(words.gated)
    shown.current?.focus()
  })
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
      <section className="ticket" aria-labelledby="once">
        <div className="body">
          <p className="once" id="once">
            <Icon name="eye" />
            {words.once}
          </p>
          <Secret id={id} label={words.label} ruler={ruler} ref={shown} />
          <Takes of={props} shown={shown} onTaken={take} onSaid={setSaid} />
          <p className="said quiet" role="status">
            {said}
          </p>
        </div>
        {stub}
      </section>
      <div className="leave">
        <label>
          <input type="checkbox" checked={gate.isStored} onChange={() => tick(!gate.isStored)} /> {reveal.stored}
        </label>
        <button className="button" type="button" aria-disabled={!gate.isOpen} onClick={onLeave}>
          {words.back}
        </button>
      </div>
    </>
  )
}

interface TakesProps {
  readonly of: TicketProps
  readonly shown: RefObject<HTMLDivElement | null>
  readonly onTaken: (said: string) => void
  readonly onSaid: (said: string) => void
}

/** The ways to take the secret along. Nothing tells whether the browser has kept a file, so a download opens no gate. */
function Takes({ of: { id, words, variable, isBearer }, shown, onTaken, onSaid }: TakesProps): ReactNode {
  const [word, setWord] = useState<string>(words.copy)
  const copy = async (): Promise<void> => {
    const copied = await copyText(secretOnce.of(id)?.text ?? '', shown.current)
    setWord(copied === 'copied' ? words.copy : wordOf(copied))
    if (copied === 'copied') onTaken(reveal.copied)
    else onSaid(copied === 'selected' ? words.failed : words.failedWholly)
  }
  const download = (): void => {
    saveFile('countersign.env', 'text/plain', `${variable}=${secretOnce.of(id)?.text ?? ''}\n`)
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
      <CopyAs
        id={id}
        variable={variable}
        isBearer={isBearer === true}
        onCopied={(isDone) => (isDone ? onTaken(reveal.copiedAs) : onSaid(words.failedWholly))}
      />
    </div>
  )
}

interface SecretProps {
  readonly id: string
  readonly label: Words['label']
  readonly ruler: TicketProps['ruler']
  readonly ref: RefObject<HTMLDivElement | null>
}

function Secret({ id, label, ruler, ref }: SecretProps): ReactNode {
  const [length] = useState(() => secretOnce.of(id)?.text.length ?? 0)
  const read = useCallback(() => secretOnce.of(id)?.text ?? '', [id])
  return (
    <>
      <SecretText read={read} label={label(length)} ref={ref} />
      {ruler?.(length)}
    </>
  )
}
