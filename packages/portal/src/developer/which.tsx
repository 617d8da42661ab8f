/** `/portal/which`: three questions, whose answers the address keeps, and the credential that fits. */
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { ScreenTitle } from '../shared/kit/screen_title.tsx'
import { Empty } from '../shared/kit/states.tsx'
import { whichText as words } from '../shared/text/which.ts'
import { callers, decide, endings, parties } from './which/decide.ts'
import { Found } from './which/found.tsx'

const route = getRouteApi('/which')

export function WhichScreen(): ReactNode {
  const { who: caller, whom: party, cut: ending } = route.useSearch()
  const isAnswered = caller !== undefined && party !== undefined && ending !== undefined
  const decision = isAnswered ? decide({ caller, party, ending }) : undefined
  return (
    <>
      <div className="head">
        <div>
          <ScreenTitle>{words.title}</ScreenTitle>
          <p>{words.lead}</p>
        </div>
      </div>
      <div className="which">
        <form className="card parts" onSubmit={(event) => event.preventDefault()}>
          <Question name="who" title={words.caller} of={callers} words={words.callers} hints={words.callerHints} />
          <Question name="whom" title={words.party} of={parties} words={words.parties} hints={words.partyHints} />
          <Question name="cut" title={words.ending} of={endings} words={words.endings} hints={words.endingHints} />
        </form>
        {decision === undefined || caller === undefined ? (
          <Empty title={words.open} detail={words.openDetail} />
        ) : (
          <Found of={decision} caller={caller} />
        )}
      </div>
      <p className="hidden" role="status">
        {decision !== undefined && `${words.take} ${words.credentials[decision.credential]}`}
      </p>
    </>
  )
}

interface QuestionProps<A extends string> {
  /** The member of the address. */
  readonly name: 'who' | 'whom' | 'cut'
  readonly title: string
  readonly of: readonly A[]
  readonly words: Readonly<Record<A, string>>
  readonly hints: Readonly<Record<A, string>>
}

function Question<A extends string>({ name, title, of, words: names, hints }: QuestionProps<A>): ReactNode {
  const { [name]: chosen } = route.useSearch()
  const navigate = useNavigate({ from: '/which' })
  return (
    <section>
      <fieldset className="stack">
        <legend>{title}</legend>
        {of.map((answer) => (
          <label key={answer} className="check">
            <input
              type="radio"
              name={name}
              checked={chosen === answer}
              onChange={() =>
                void navigate({
                  search: (before) => ({ ...before, [name]: answer }),
                  replace: true,
                  resetScroll: false,
                })
              }
            />
            <span>
              {names[answer]} <small className="note quiet">{hints[answer]}</small>
            </span>
          </label>
        ))}
      </fieldset>
    </section>
  )
}
