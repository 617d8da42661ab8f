/** The first steps, each with the one thing to do about it. */
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { ListedKey, Me } from '../../shared/api/queries.ts'
import { Unknown } from '../../shared/kit/states.tsx'
import { Status } from '../../shared/kit/status.tsx'
import { may, mayWrite } from '../../shared/may_write.ts'
import { homeText } from '../../shared/text/home.ts'
import { text } from '../../shared/text.ts'
import type { Step, StepName } from './first_steps.ts'
import { QuickStart } from './quick_start.tsx'

export type LastUsed = Pick<ListedKey, 'lastUsedAt'> | null

const { steps: words } = homeText

interface StepsCardProps {
  readonly me: Me
  readonly of: readonly Step[]
  /** A key was used already: what is done is left out. */
  readonly isRest: boolean
}

export function StepsCard({ me, of, isRest }: StepsCardProps): ReactNode {
  const shown = isRest ? of.filter(({ isDone }) => isDone !== true) : of
  return (
    <section className="card steps" aria-labelledby="steps">
      <h2 id="steps" className="pad">
        {isRest ? words.rest : words.title}
      </h2>
      <ol>
        {shown.map((step) => (
          <li key={step.name} data-step={step.name}>
            <TickOf of={step} />
            <div className="stack">
              <h3>{words[step.name]}</h3>
              <p className="quiet">{words[`${step.name}Detail`]}</p>
              {step.isDone !== true && <Act of={step.name} me={me} />}
            </div>
          </li>
        ))}
      </ol>
    </section>
  )
}

function TickOf({ of: { isDone } }: { readonly of: Step }): ReactNode {
  if (isDone === undefined) return <Unknown />
  return <Status kind={isDone ? 'active' : 'expired'} word={isDone ? words.done : words.open} />
}

function Act({ of, me }: { readonly of: StepName; readonly me: Me }): ReactNode {
  if (of === 'call') return may(me, 'apis:read') ? <QuickStart me={me} isPart /> : null
  if (of === 'invite') return <InviteAct me={me} />
  if (!mayWrite(me)) return <p className="note quiet">{words.forWriters}</p>
  const search = of === 'restrict' ? { limit: '100', windowSeconds: '60' } : {}
  return (
    <div className="acts">
      <Link className={of === 'key' ? 'button primary' : 'button'} to="/keys/new" search={search}>
        {of === 'key' ? text.keys.create : words.restrictAct}
      </Link>
    </div>
  )
}

function InviteAct({ me }: { readonly me: Me }): ReactNode {
  const owned = me.teams.find(({ id, role }) => role === 'owner' && may(me, 'teams:write', id))
  if (owned === undefined) return <p className="note quiet">{words.forOwners}</p>
  return (
    <div className="acts">
      <Link className="button" to="/team" search={{ team: owned.id }}>
        {words.inviteAct}
      </Link>
    </div>
  )
}
