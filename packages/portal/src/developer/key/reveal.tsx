/** The key, once. */
import { useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Key } from '../../shared/api/queries.ts'
import { ScreenTitle } from '../../shared/kit/screen_title.tsx'
import { secretOnce } from '../../shared/secret_once.ts'
import { text } from '../../shared/text.ts'
import { atTime } from '../../shared/time.ts'
import { focusLater } from '../focus_later.ts'
import { Ticket } from '../reveal/ticket.tsx'
import { Crumbs } from './crumbs.tsx'
import { Ruler } from './ruler.tsx'
import { Stub } from './stub.tsx'

const { reveal } = text

export function Reveal({ of: key }: { readonly of: Key }): ReactNode {
  const navigate = useNavigate()
  const oldUntil = secretOnce.of(key.id)?.oldUntil
  const leave = (): void => {
    focusLater.set(key.id)
    void navigate({ to: '/keys', search: {} })
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
      <Ticket
        id={key.id}
        words={reveal}
        variable="COUNTERSIGN_KEY"
        isBearer
        ruler={(length) => <Ruler prefixLength={length - 56} />}
        stub={<Stub of={key} />}
        onLeave={leave}
      />
    </>
  )
}
