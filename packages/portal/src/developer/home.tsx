/** `/portal`: the first steps of a new team; of one that calls, its week, and the keys that want a look. */
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { lastUsedKeyQuery } from '../shared/api/home_queries.ts'
import { type Me, meQuery } from '../shared/api/queries.ts'
import { Read } from '../shared/kit/read.tsx'
import { ScreenTitle } from '../shared/kit/screen_title.tsx'
import { Empty } from '../shared/kit/states.tsx'
import { may } from '../shared/may_write.ts'
import { homeText as words } from '../shared/text/home.ts'
import { team as teamText } from '../shared/text/team.ts'
import { AttentionCard } from './home/attention_card.tsx'
import { areStepsShown } from './home/first_steps.ts'
import { QuickStart } from './home/quick_start.tsx'
import { type LastUsed, StepsCard } from './home/steps_card.tsx'
import { useSteps } from './home/use_steps.ts'
import { Week } from './home/week.tsx'
import { CreateLink } from './keys.tsx'
import { WhichLink } from './which/which_link.tsx'

export function HomeScreen(): ReactNode {
  const me = useQuery(meQuery)
  const last = useQuery({ ...lastUsedKeyQuery, enabled: may(me.data, 'keys:read') })
  const isNew = last.data !== undefined && last.data.data[0]?.lastUsedAt == null
  return (
    <>
      <div className="head">
        <div>
          <ScreenTitle>{words.title}</ScreenTitle>
          <p>
            {isNew ? words.leadNew : words.lead} <WhichLink />
          </p>
        </div>
        {!isNew && <CreateLink />}
      </div>
      <Read of={me} rows={4} label={words.loading}>
        {(known) =>
          hasNothing(known) ? (
            <Empty title={teamText.none} detail={teamText.noneDetail} />
          ) : (
            <Read of={last} rows={4} label={words.loading}>
              {({ data }) => <Shown me={known} lastUsed={data[0] ?? null} />}
            </Read>
          )
        }
      </Read>
    </>
  )
}

/** An operator sees all of the tenant; everybody else what is of their teams. */
function hasNothing(me: Me): boolean {
  return (me.role !== 'operator' && me.teams.length === 0) || !may(me, 'keys:read')
}

function Shown({ me, lastUsed }: { readonly me: Me; readonly lastUsed: LastUsed }): ReactNode {
  const { steps, keys } = useSteps(me, lastUsed)
  const isUsed = lastUsed?.lastUsedAt != null
  const mayRead = may(me, 'usage:read')
  return (
    <div className="home">
      {areStepsShown(steps, keys) && <StepsCard me={me} of={steps} isRest={isUsed} />}
      {isUsed && (
        <>
          <AttentionCard me={me} />
          {mayRead && <Week />}
        </>
      )}
      {isUsed && may(me, 'apis:read') && <QuickStart me={me} />}
    </div>
  )
}
