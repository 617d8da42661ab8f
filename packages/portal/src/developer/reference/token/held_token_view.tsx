/** The token that is held: its scopes, how long it lasts, and its text, once in the page. */

import { type ReactNode, useCallback, useEffect, useState } from 'react'
import { Icon } from '../../../shared/kit/icon.tsx'
import { SecretText } from '../../../shared/kit/secret_text.tsx'
import { reference } from '../../../shared/text/reference.ts'
import { useCopy } from '../../../shared/use_copy.ts'
import { heldToken, type TokenFacts } from './held_token.ts'

const { token: words } = reference

export function HeldToken({ of: { audience, scope, endsAt } }: { readonly of: TokenFacts }): ReactNode {
  const read = useCallback(() => heldToken.textFor(audience), [audience])
  const { copy, label, shown } = useCopy<HTMLDivElement>(read, words.copy)
  return (
    <div className="held">
      <p>
        <b>{words.ready}</b> {scope === '' ? words.noScope : scope.split(' ').join(', ')} · <Countdown until={endsAt} />
      </p>
      <SecretText read={read} label={words.label} key={endsAt} ref={shown} />
      <div className="acts">
        <button className="button" type="button" onClick={copy} aria-live="polite">
          <Icon name="copy" />
          {label}
        </button>
        <button className="button bare" type="button" onClick={heldToken.forget}>
          {words.forget}
        </button>
      </div>
      <p className="hidden" role="status">
        {words.announced}
      </p>
    </div>
  )
}

function Countdown({ until }: { readonly until: number }): ReactNode {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [])
  const seconds = Math.max(0, Math.round((until - now) / 1_000))
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
  return <span className="countdown">{words.ends(clock)}</span>
}
