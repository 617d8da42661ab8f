/** A question to the server, sent by its button alone, which stands below exactly what it sends. */

import type { Answer, Body } from '@countersign/client'
import { type FormEvent, type ReactNode, useState } from 'react'
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

export function Ask({ of: read, from: { credential, call: from }, onSent }: AskProps): ReactNode {
  const [asked, setAsked] = useState<AskedCall>({ method: 'GET', path: '', audience: '', ...from })
  const [state, setState] = useState<'idle' | 'asking' | { readonly error: unknown } | Answer<'inspect'>>('idle')
  if (read.kind === 'nothing' || read.kind === 'encrypted') return null
  if (read.kind === 'key' && !isKey(read) && read.marker !== 'at')
    return (
      <section className="card pad">
        <h2>{words.ask}</h2>
        <p>{words.cannotAsk}</p>
      </section>
    )
  const question = questionOf(read, credential, asked)
  const change = (name: keyof AskedCall, value: string): void => {
    setAsked({ ...asked, [name]: value })
    setState('idle')
  }
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setState('asking')
    onSent({ at: Date.now(), what: read.kind === 'jwt' ? 'jwt' : 'digest' })
    // Not by the queries: those are kept.
    setState(await call('inspect', { body: question }).catch((error: unknown) => ({ error })))
  }
  return (
    <>
      <section className="card pad" aria-labelledby="ask">
        <h2 id="ask">{words.ask}</h2>
        <p className="quiet">{words.askDetail}</p>
        <form className="stack ask" onSubmit={submit} autoComplete="off">
          <CallFields of={asked} onChange={change} />
          <section className="will" aria-label={words.will}>
            <h3>{words.will}</h3>
            <code>POST /v1/inspections</code>
            <ScrollingText>{shownOf(question)}</ScrollingText>
          </section>
          <div className="acts">
            <button className="button primary" type="submit" disabled={state === 'asking'}>
              {state === 'asking' ? words.sending : words.send}
            </button>
          </div>
        </form>
      </section>
      {typeof state === 'object' && ('error' in state ? <Problem error={state.error} /> : <Inspected of={state} />)}
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
