/** The form that changes a key. What was changed stands in the address, and only that is sent. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { type FormEvent, type ReactNode, useEffect, useRef } from 'react'
import { call } from '../../../shared/api/call.ts'
import { errorOf } from '../../../shared/api/problem.ts'
import { type Api, apisQuery, type Client, type Key, keyReads } from '../../../shared/api/queries.ts'
import { Field } from '../../../shared/kit/fields/field.tsx'
import { TypedInput } from '../../../shared/kit/fields/typed_input.tsx'
import { Problem } from '../../../shared/kit/problem.tsx'
import { toasts } from '../../../shared/kit/toasts.tsx'
import { keyEdit as words } from '../../../shared/text/key_edit.ts'
import { text } from '../../../shared/text.ts'
import { atTime } from '../../../shared/time.ts'
import { type Act, useAct } from '../../../shared/use_act.ts'
import { isDays } from '../../new/draft.ts'
import { Line, type PartProps } from '../../new/limits.tsx'
import { Scopes } from '../../new/scopes.tsx'
import { openers } from '../openers.ts'
import type { Changed } from '../receipt.tsx'
import { tokensOf } from '../scope_use.ts'
import { editBodyOf, formOf, noteOf } from './edit_body.ts'
import { type Edit, type EditName, readEdit } from './read_edit.ts'
import { ScopeEffects } from './scope_effects.tsx'

const route = getRouteApi('/keys/$id')

const { create } = text
const fields = ['name', 'metadata', 'scope', 'expiresAt', 'ipAllow', 'originAllow', 'rateLimit']

interface EditPanelProps {
  readonly of: Key
  /** `undefined` where it is not among those that were read. */
  readonly client: Client | undefined
  readonly isStale: boolean
  readonly onClose: () => void
  /** The receipt of a change. */
  readonly onChanged: (receipt: Changed) => void
}

export function EditPanel({ of: key, client, isStale, onClose, onChanged }: EditPanelProps): ReactNode {
  const edit = readEdit(route.useSearch())
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => title.current?.focus(), [])
  const close = (): void => {
    onClose()
    document.getElementById(openers.edit)?.focus()
  }
  const { act, send } = useEdit(key, close, onChanged)
  const isNothing = Object.keys(editBodyOf(key, edit)).length === 0
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (!isStale && !isNothing) send(edit)
  }
  return (
    <form className="card parts edit-panel" onSubmit={submit} noValidate>
      <section>
        <h2 ref={title} tabIndex={-1}>
          {words.title}
        </h2>
        <p className="quiet">{words.lead}</p>
      </section>
      <Fields of={key} client={client} edit={edit} error={act.error} />
      {act.error !== undefined && (
        <section>
          <Problem error={act.error} fields={fields} />
        </section>
      )}
      <footer className="acts">
        <button className="button primary" type="submit" aria-disabled={act.isSending || isStale || isNothing}>
          {act.isSending ? words.submitting : words.submit}
        </button>
        <button className="button" type="button" onClick={close}>
          {text.act.cancel}
        </button>
        <span className="note quiet" role="status">
          {isStale ? text.problem.staleAct : isNothing && words.nothing}
        </span>
      </footer>
    </form>
  )
}

interface Editing {
  readonly act: Act
  readonly send: (edit: Edit) => void
}

/** `onSaved`: called unless the form was left meanwhile. */
function useEdit(key: Key, onSaved: () => void, onChanged: EditPanelProps['onChanged']): Editing {
  const act = useAct(...keyReads)
  const isHere = useRef(false)
  useEffect(() => {
    isHere.current = true
    return () => {
      isHere.current = false
    }
  }, [])
  return {
    act,
    send(edit) {
      void act
        .run(async () => {
          const beganAt = performance.now()
          const body = editBodyOf(key, edit)
          const { name, feedSequence, verifiers } = await call('updateKey', { params: { id: key.id }, body })
          toasts.add({ title: words.saved(name) })
          onChanged({ feedSequence, beganAt, ...verifiers, words: words.receipt })
        })
        .then((isSaved) => {
          if (isSaved && isHere.current) onSaved()
        })
    },
  }
}

interface FieldsProps extends Pick<EditPanelProps, 'of' | 'client'> {
  readonly edit: Edit
  readonly error: unknown
}

function Fields({ of: key, client, edit, error }: FieldsProps): ReactNode {
  const navigate = useNavigate({ from: '/keys/$id' })
  const { data: apis } = useQuery(apisQuery)
  const api = apis?.data.find(({ audience }) => audience === key.audience)
  const before = formOf(key)
  const form = formOf(key, edit)
  const change = (name: EditName, value: string): void =>
    void navigate({
      search: (search) => ({ ...search, [name]: value === before[name] ? undefined : value }),
      replace: true,
      resetScroll: false,
    })
  const part: PartProps = {
    draft: form,
    errorOf: (name) => errorOf(error, name),
    onChange: (name, value) => change(name as EditName, value),
  }
  return (
    <>
      <section className="stack">
        <Line of="name" label={create.name} part={part} />
        {noteOf(key) !== undefined && (
          <Field name="metadata" label={words.note} error={part.errorOf('metadata')}>
            {(described) => (
              <TypedInput
                {...described}
                className="input"
                value={form.note}
                onType={(value) => change('note', value)}
              />
            )}
          </Field>
        )}
      </section>
      {api !== undefined && (
        <section className="stack">
          <h3>{words.scope}</h3>
          <Scopes
            api={api}
            legend={words.scope}
            givable={givableOf(api, client)}
            scope={form.scope}
            error={part.errorOf('scope')}
            onChange={(next) => change('scope', next)}
          />
          <ScopeEffects of={key} api={api} scope={form.scope} />
        </section>
      )}
      <section className="stack">
        <h3>{words.limits}</h3>
        <End of={key} days={form.days} part={part} />
        <Line of="ipAllow" label={create.addresses} hint={create.addressesHint} part={part} />
        <Line of="originAllow" label={create.origins} hint={create.originsHint} part={part} />
        <Line of="limit" at="rateLimit" label={create.limit} hint={create.limitHint} part={part} />
        {form.limit !== '' && <Line of="windowSeconds" label={create.window} part={part} />}
      </section>
    </>
  )
}

/** The tokens that the client can give: all of the API's where nobody knows the client, and then the server judges. */
function givableOf(api: Api, client: Client | undefined): ReadonlySet<string> {
  if (client === undefined) return new Set(api.scopes.map(({ name }) => name))
  return new Set(tokensOf(client.access.find(({ audience }) => audience === api.audience)?.scope ?? ''))
}

interface EndProps {
  readonly of: Pick<Key, 'expiresAt'>
  readonly days: string
  readonly part: PartProps
}

function End({ of: { expiresAt }, days, part: { errorOf: said, onChange } }: EndProps): ReactNode {
  const now = expiresAt === null ? text.key.never : atTime(expiresAt)
  const chosen = isDays(days) ? days : ''
  const offered = ['7', '30', '90', '365', ...(expiresAt === null ? [] : ['0'])]
  return (
    <Field name="expiresAt" label={words.ends} error={said('expiresAt')}>
      {(described) => (
        <select {...described} value={chosen} onChange={(event) => onChange('days', event.target.value)}>
          <option value="">{words.stays(now)}</option>
          {[...new Set([...offered, ...(chosen === '' ? [] : [chosen])])].map((each) => (
            <option key={each} value={each}>
              {create.ending(Number(each))}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}
