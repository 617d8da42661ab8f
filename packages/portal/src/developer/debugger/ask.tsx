/** A question to the server, sent by its button alone, which stands below exactly what it sends. */

import type { Answer, Body } from '@countersign/client'
import { type FormEvent, type ReactNode, useEffect, useState } from 'react'
import { call } from '../../shared/api/call.ts'
import { Problem } from '../../shared/kit/problem.tsx'
import { ScrollingText } from '../../shared/kit/scrolling.tsx'
import { isKey } from '../../shared/pasted_key.ts'
import { debuggerText as words } from '../../shared/text/debugger.ts'
import { type AskedCall, CallFields } from './call_fields.tsx'
import { Inspected } from './inspected.tsx'
import type { Read } from './read_credential.ts'
import type { Paste } from './read_paste.ts'
import { sha256 } from './sha256.ts'

export interface Sent {
  readonly at: number
  readonly what: 'digest' | 'jwt'
}

interface AskProps {
  readonly of: Read
  readonly from: Paste
  readonly onSent: (sent: Sent) => void
}

type Question = Body<'inspect'>

/** The outcome of a question, and of no other: one letter of the call, and the verdict may be the opposite. */
type Outcome = { readonly asked: AskedCall } & ({ readonly answer: Answer<'inspect'> } | { readonly error: unknown })

export function Ask({ of: read, from: { credential, call: from }, onSent }: AskProps): ReactNode {
  const [asked, setAsked] = useState<AskedCall>({ method: 'GET', path: '', audience: '', ...from })
  const [outcome, setOutcome] = useState<Outcome>()
  const [asking, setAsking] = useState<AbortController>()
  useEffect(() => () => asking?.abort(), [asking])
  if (read.kind === 'nothing' || read.kind === 'encrypted') return null
  if (read.kind === 'key' && !isKey(read) && read.marker !== 'at')
    return (
      <section className="card pad">
        <h2>{words.ask}</h2>
        <p>{words.cannotAsk}</p>
      </section>
    )
  const question = questionOf(read, credential, asked)
  const shown = outcome?.asked === asked ? outcome : undefined
  const error = shown !== undefined && 'error' in shown ? shown.error : undefined
  const change = (name: keyof AskedCall, value: string): void => {
    setAsked({ ...asked, [name]: value })
    setAsking(undefined)
  }
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    const abort = new AbortController()
    setAsking(abort)
    setOutcome(undefined)
    onSent({ at: Date.now(), what: read.kind === 'jwt' ? 'jwt' : 'digest' })
    // Not by the queries: those are kept.
    const next = await call('inspect', { body: question }, abort.signal).then(
      (answer) => ({ asked, answer }),
      (error: unknown) => ({ asked, error }),
    )
    if (abort.signal.aborted) return
    setOutcome(next)
    setAsking(undefined)
  }
  return (
    <>
      <section className="card pad" aria-labelledby="ask">
        <h2 id="ask">{words.ask}</h2>
        <p className="quiet">{words.askDetail}</p>
        <form className="stack ask" onSubmit={submit} autoComplete="off">
          <CallFields of={asked} error={error} onChange={change} />
          <section className="will" aria-label={words.will}>
            <h3>{words.will}</h3>
            <code>POST /v1/inspections</code>
            <ScrollingText>{shownOf(question)}</ScrollingText>
          </section>
          <div className="acts">
            <button className="button primary" type="submit" disabled={asking !== undefined}>
              {asking === undefined ? words.send : words.sending}
            </button>
          </div>
        </form>
      </section>
      {error !== undefined && <Problem error={error} fields={['method', 'path', 'audience']} />}
      {shown !== undefined && 'answer' in shown && <Inspected of={shown.answer} />}
    </>
  )
}

function questionOf(read: Read, credential: string, { method, path, audience }: AskedCall): Question {
  // A query may have another secret.
  const plain = path.replace(/[?#].*$/s, '')
  return {
    ...(read.kind === 'jwt' ? { jwt: credential } : { digest: sha256(credential) }),
    ...(audience === '' ? {} : { audience }),
    ...(plain === '' ? {} : { method, path: plain }),
  }
}

/** As it is sent; the text of a token is in the box above. */
function shownOf({ jwt, ...rest }: Question): string {
  const shown = jwt === undefined ? rest : { jwt: `${jwt.slice(0, 8)}${words.willJwt(jwt.length)}`, ...rest }
  return JSON.stringify(shown, undefined, 2)
}
