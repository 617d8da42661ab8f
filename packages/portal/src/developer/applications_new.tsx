/** `/portal/applications/new`: a form whose draft is the address. A link prefills it, and never creates. */
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import type { FormEvent, ReactNode } from 'react'
import { errorOf } from '../shared/api/problem.ts'
import { Field, fieldId } from '../shared/kit/fields/field.tsx'
import { Summary } from '../shared/kit/fields/summary.tsx'
import { Problem } from '../shared/kit/problem.tsx'
import { ScreenTitle } from '../shared/kit/screen_title.tsx'
import { Empty, Skeleton } from '../shared/kit/states.tsx'
import { may } from '../shared/may_write.ts'
import { applicationsText as words } from '../shared/text/applications.ts'
import { text } from '../shared/text.ts'
import { Crumbs } from './applications/crumbs.tsx'
import { AccessChecks } from './applications/form/access_checks.tsx'
import { createBodyOf } from './applications/form/body.ts'
import type { ApplicationDraft, DraftName } from './applications/form/draft.ts'
import { errorOfItem } from './applications/form/field_errors.ts'
import { type PartProps, Shown, SignIn } from './applications/form/fields.tsx'
import { Review } from './applications/form/review.tsx'
import { type Choices, useChoices } from './applications/form/use_choices.ts'
import { useCreate } from './applications/form/use_create.ts'
import { applicationTypes, hasSecret, signsPeopleIn } from './applications/types.ts'

const route = getRouteApi('/applications/new')
const { form } = words

export function CreateApplicationScreen(): ReactNode {
  const draft = route.useSearch()
  const { choices, failed } = useChoices(draft.teamId)
  return (
    <>
      <Crumbs name={form.crumb} />
      <div className="head">
        <div>
          <ScreenTitle>{form.title}</ScreenTitle>
          <p>{form.lead}</p>
        </div>
      </div>
      {failed !== undefined && <Problem error={failed.error} onRetry={failed.retry} />}
      {choices === undefined && failed === undefined && <Skeleton rows={4} label={form.title} />}
      {choices !== undefined &&
        (may(choices.me, 'clients:write', choices.teamId) ? (
          <Form draft={draft} choices={choices} />
        ) : (
          <Empty title={text.problem.forbidden} detail={text.problem.forbiddenDetail} />
        ))}
    </>
  )
}

function Form({ draft, choices }: { readonly draft: ApplicationDraft; readonly choices: Choices }): ReactNode {
  const navigate = useNavigate({ from: '/applications/new' })
  const { create, error, isSending, sent } = useCreate()
  const type = applicationTypes.find((each) => each === draft.type) ?? 'service'
  const body = createBodyOf(draft, type, choices.teamId)
  const change = (name: DraftName, value: string): void =>
    void navigate({
      search: ({ [name]: _, ...rest }) => (value === '' ? rest : { ...rest, [name]: value }),
      replace: true,
      resetScroll: false,
    })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    void create(body)
  }
  const part: PartProps = { draft, error, sent, onChange: change }
  return (
    <div className="creating">
      <form className="card parts" onSubmit={submit} noValidate>
        {error !== undefined && <Summary error={error} lost={form.lost} />}
        <section className="stack">
          <h2>{form.what}</h2>
          <Types of={type} onChoose={(each) => change('type', each)} />
        </section>
        <section className="stack">
          <h2>{signsPeopleIn(type) ? form.about : form.aboutOwn}</h2>
          <Shown {...part} isSeen={signsPeopleIn(type)} />
          {choices.teams.length > 1 && <Team of={choices} error={error} onChoose={(id) => change('teamId', id)} />}
        </section>
        {signsPeopleIn(type) && (
          <section className="stack">
            <h2>{form.redirects}</h2>
            <SignIn {...part} type={type} />
          </section>
        )}
        <AccessPart {...part} step={signsPeopleIn(type) ? 4 : 3} choices={choices} />
        <footer className="acts">
          <button className="button primary" type="submit" aria-disabled={isSending}>
            {isSending ? form.submitting : form.submit}
          </button>
          <Link className="button" to="/applications" search={{}}>
            {form.cancel}
          </Link>
          {hasSecret(type) && <span className="note quiet">{form.secretNext}</span>}
        </footer>
      </form>
      <Review body={body} />
    </div>
  )
}

interface TypesProps {
  readonly of: (typeof applicationTypes)[number]
  readonly onChoose: (type: string) => void
}

function Types({ of, onChoose }: TypesProps): ReactNode {
  return (
    <fieldset className="kinds" id={fieldId('type')} tabIndex={-1}>
      <legend className="hidden">{form.type}</legend>
      {applicationTypes.map((each) => (
        <label key={each} className="check">
          <input type="radio" name="type" checked={each === of} onChange={() => onChoose(each)} />
          <span>
            <b>{words.types[each]}</b>
            <small className="note quiet">{words.typeDetails[each]}</small>
          </span>
        </label>
      ))}
    </fieldset>
  )
}

interface TeamProps {
  readonly of: Choices
  readonly error: unknown
  readonly onChoose: (teamId: string) => void
}

function Team({ of: { teams, teamId }, error, onChoose }: TeamProps): ReactNode {
  return (
    <Field name="teamId" label={form.team} error={errorOf(error, 'teamId')}>
      {(described) => (
        <select {...described} value={teamId} onChange={({ target }) => onChoose(target.value)}>
          {teams.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

interface AccessPartProps extends PartProps {
  readonly step: number
  readonly choices: Choices
}

function AccessPart({ step, choices: { apis }, draft, error, sent, onChange }: AccessPartProps): ReactNode {
  const audiences = sent?.access?.map(({ audience }) => audience)
  return (
    <section className="stack">
      <h2>{form.access(step)}</h2>
      {apis.length === 0 ? (
        <p className="quiet">
          {form.noApi}. {form.noApiDetail}
        </p>
      ) : (
        <>
          <p className="quiet">{form.accessHint}</p>
          <AccessChecks
            choices={apis}
            value={draft.access ?? ''}
            errorOf={(audience) => errorOfItem(error, 'access', audiences, audience)}
            onChange={(value) => onChange('access', value)}
          />
        </>
      )}
    </section>
  )
}
