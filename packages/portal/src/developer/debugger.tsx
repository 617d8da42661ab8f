/** `/portal/debugger`: what a credential is and says, read in the page; and what the server says of it, when it is asked. */
import { type ReactNode, useEffect, useId, useState } from 'react'
import { flushSync } from 'react-dom'
import { ScreenTitle } from '../shared/kit/screen_title.tsx'
import { Empty } from '../shared/kit/states.tsx'
import { debuggerText as words } from '../shared/text/debugger.ts'
import { clockTime } from '../shared/time.ts'
import { Ask, type Sent } from './debugger/ask.tsx'
import { Decoded } from './debugger/decoded.tsx'
import { readCredential } from './debugger/read_credential.ts'
import { readPaste } from './debugger/read_paste.ts'
import { samples } from './debugger/samples.ts'

const boxMax = 65_536

/** The pasted text is in this state and in the box, and nowhere else: no address, storage or cache has it. */
export function DebuggerScreen(): ReactNode {
  const [pasted, setPasted] = useState('')
  const [sent, setSent] = useState<Sent>()
  useEffect(() => {
    // A page that the browser keeps for the way back must not have it.
    const forget = (): void => flushSync(() => setPasted(''))
    addEventListener('pagehide', forget)
    return () => removeEventListener('pagehide', forget)
  }, [])
  const paste = readPaste(pasted)
  const change = (next: string): void => {
    setPasted(next)
    // Another text around the same credential does not take back that it was sent.
    if (readPaste(next)?.credential !== paste?.credential) setSent(undefined)
  }
  const read = paste === undefined ? undefined : readCredential(paste.credential)
  return (
    <>
      <div className="head">
        <div>
          <ScreenTitle>{words.title}</ScreenTitle>
          <p>{words.lead}</p>
        </div>
      </div>
      <Box pasted={pasted} said={saidOf(sent)} onChange={change} />
      {paste === undefined || read === undefined ? (
        <Empty title={words.empty} detail={words.emptyDetail}>
          {(['key', 'token', 'curl'] as const).map((name) => (
            <button key={name} className="button" type="button" onClick={() => change(samples[name]())}>
              {words.samples[name]}
            </button>
          ))}
        </Empty>
      ) : (
        <>
          <Decoded of={read} from={paste} />
          {/* Anew for each: the call of another command is none of this one. */}
          <Ask key={pasted} of={read} from={paste} onSent={setSent} />
        </>
      )}
    </>
  )
}

interface BoxProps {
  readonly pasted: string
  readonly said: string
  readonly onChange: (pasted: string) => void
}

function Box({ pasted, said, onChange }: BoxProps): ReactNode {
  const box = useId()
  return (
    <section className="card pad paste">
      <div className="labelled">
        <label htmlFor={box}>{words.box}</label>
        <textarea
          id={box}
          className="input"
          rows={4}
          maxLength={boxMax}
          value={pasted}
          onChange={(event) => onChange(event.target.value)}
          autoComplete="off"
          autoCapitalize="off"
          autoCorrect="off"
          spellCheck={false}
        />
      </div>
      <div className="acts">
        <p className="quiet" role="status">
          {said}
        </p>
        {pasted !== '' && (
          <button className="button" type="button" onClick={() => onChange('')}>
            {words.clear}
          </button>
        )}
      </div>
    </section>
  )
}

function saidOf(sent: Sent | undefined): string {
  if (sent === undefined) return words.unsent
  const clock = clockTime(sent.at)
  return sent.what === 'digest' ? words.sentDigest(clock) : words.sentJwt(clock)
}
