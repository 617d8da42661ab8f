/** `/portal/keys/new`: a form whose draft is the address. A link prefills it, and never creates. */
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import type { FormEvent, ReactNode } from 'react'
import { errorOf } from '../shared/api/problem.ts'
import { Summary } from '../shared/kit/fields/summary.tsx'
import { Problem } from '../shared/kit/problem.tsx'
import { ScreenTitle } from '../shared/kit/screen_title.tsx'
import { Empty, Skeleton } from '../shared/kit/states.tsx'
import { mayWrite } from '../shared/may_write.ts'
import { text } from '../shared/text.ts'
import { useChoices } from './new/choices.ts'
import type { Choices } from './new/choose.ts'
import type { Draft, DraftName } from './new/draft.ts'
import { Limits, Line } from './new/limits.tsx'
import { Review } from './new/review.tsx'
import { Scopes } from './new/scopes.tsx'
import { useCreate } from './new/use_create.ts'
import { WhereGood } from './new/where_good.tsx'

const route = getRouteApi('/keys/new')

const { create } = text

export function CreateScreen(): ReactNode {
  const draft = route.useSearch()
  const { choices, failed } = useChoices(draft)
  return (
    <>
      <nav className="crumbs" aria-label={text.frame.where}>
        <Link to="/keys" search={{}}>
          {text.keys.title}
        </Link>
        <span aria-hidden="true">/</span>
        <span>{create.crumb}</span>
      </nav>
      <div className="head">
        <div>
          <ScreenTitle>{create.title}</ScreenTitle>
          <p>{create.lead}</p>
        </div>
      </div>
      {failed !== undefined && <Problem error={failed.error} onRetry={failed.retry} />}
      {choices === undefined && failed === undefined && <Skeleton rows={4} label={create.title} />}
      {choices !== undefined && <FormOr draft={draft} choices={choices} />}
    </>
  )
}

function FormOr({ draft, choices }: { readonly draft: Draft; readonly choices: Choices }): ReactNode {
  if (!mayWrite(choices.me)) return <Empty title={text.problem.forbidden} detail={text.problem.forbiddenDetail} />
  if (choices.api === undefined) return <Empty title={create.noApi} detail={create.noApiDetail} />
  return <Form draft={draft} choices={choices} />
}

function Form({ draft, choices }: { readonly draft: Draft; readonly choices: Choices }): ReactNode {
  const navigate = useNavigate({ from: '/keys/new' })
  const { create: send, error, isSending } = useCreate()
  const change = (name: DraftName, value: string): void => {
    navigate({
      search: ({ [name]: _, ...rest }) => (value === '' ? rest : { ...rest, [name]: value }),
      replace: true,
      resetScroll: false,
    })
  }
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    await send(draft, choices)
  }
  const part = { draft, errorOf: (name: string) => errorOf(error, name), onChange: change }
  return (
    <div className="creating">
      <form className="card parts" onSubmit={submit} noValidate>
        {error !== undefined && <Summary error={error} lost={create.lost} />}
        <section className="stack">
          <h2>{create.what}</h2>
          <Line of="name" label={create.name} hint={create.nameHint} part={part} />
        </section>
        <section className="stack">
          <h2>{create.where}</h2>
          <WhereGood {...part} choices={choices} />
        </section>
        <section className="stack">
          <h2>{create.access}</h2>
          <Scopes
            {...choices}
            scope={draft.scope ?? ''}
            error={part.errorOf('scope')}
            onChange={(scope) => change('scope', scope)}
          />
        </section>
        <section className="stack">
          <h2>{create.limits}</h2>
          <Limits {...part} />
        </section>
        <footer className="acts">
          <button className="button primary" type="submit" aria-disabled={isSending}>
            {isSending ? create.submitting : create.submit}
          </button>
          <Link className="button" to="/keys" search={{}}>
            {create.cancel}
          </Link>
        </footer>
      </form>
      <Review draft={draft} choices={choices} />
    </div>
  )
}
