/** Calls an operation from the server, with the token that is held or a key that somebody pastes, and shows what came back. */
import { type FormEvent, type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import { openCall } from '../../shared/api/call.ts'
import { ApiProblem } from '../../shared/api/problem.ts'
import type { Api } from '../../shared/api/queries.ts'
import { Field } from '../../shared/kit/fields/field.tsx'
import { Problem } from '../../shared/kit/problem.tsx'
import { explorer as words } from '../../shared/text/explorer.ts'
import { reference } from '../../shared/text/reference.ts'
import type { JsonObject } from '../reference/json.ts'
import type { Named } from '../reference/operation_names.ts'
import { sampleOf } from '../reference/sample.ts'
import { heldToken } from '../reference/token/held_token.ts'
import type { Parameter, Written } from '../reference/written.ts'
import { AnswerView } from './answer_view.tsx'
import { fieldOf, outgoingOf, parametersOf, type Values } from './outgoing.ts'
import { type ApiAnswer, readAnswer } from './read_answer.ts'

interface ExplorerProps {
  readonly of: Named
  readonly api: Api
  readonly document: JsonObject | undefined
  readonly written: Written | undefined
  /** The document, which names the fields, is on its way. */
  readonly isReading: boolean
}

export function Explorer(props: ExplorerProps): ReactNode {
  return (
    <section className="card pad stack one" aria-labelledby="explorer">
      <h3 id="explorer">{words.title}</h3>
      {props.api.callUrl === null ? (
        <p className="quiet">{words.noUrl}</p>
      ) : (
        <Form {...props} callUrl={props.api.callUrl} />
      )}
    </section>
  )
}

type Outcome = { readonly answer: ApiAnswer } | { readonly error: unknown } | { readonly said: string }

interface FormProps extends ExplorerProps {
  readonly callUrl: string
}

/** The fields keep what was filled in when the document comes, or another one does. */
function Form({ of, api, document, written, isReading, callUrl }: FormProps): ReactNode {
  const parameters = parametersOf(of, written)
  const media = written?.body?.media.find(({ type }) => /\bjson\b/.test(type)) ?? written?.body?.media[0]
  const [values, setValues] = useState<Values>(new Map())
  /** `undefined` until somebody writes: the sample of the document. */
  const [own, setOwn] = useState<string>()
  const sample = useMemo(() => bodyOf(document, media), [document, media])
  const body = own ?? sample
  const [outcome, setOutcome] = useState<Outcome>()
  const [sending, setSending] = useState<AbortController>()
  const key = useRef<HTMLInputElement>(null)
  useEffect(() => () => sending?.abort(), [sending])
  useEmptyOnLeaving(key)
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (sending !== undefined || isReading) return
    const missing = parameters.find((each) => each.in === 'path' && (values.get(fieldOf(each)) ?? '') === '')
    if (missing !== undefined) return setOutcome({ said: words.missing(missing.name) })
    const credential = key.current?.value.trim() || heldToken.textFor(api.audience)
    const sent = outgoingOf(of, parameters, values, credential, media && { type: media.type, text: body })
    const abort = new AbortController()
    setSending(abort)
    setOutcome(undefined)
    setOutcome(await send(api.id, sent, abort.signal))
    setSending(undefined)
  }
  return (
    <form className="stack" onSubmit={submit} noValidate>
      <p className="note quiet">{words.from(new URL(callUrl).host)}</p>
      {!isReading &&
        parameters.map((each) => (
          <Value
            key={fieldOf(each)}
            of={each}
            value={values.get(fieldOf(each)) ?? ''}
            onChange={(value) => setValues(new Map(values).set(fieldOf(each), value))}
          />
        ))}
      {media !== undefined && <Body type={media.type} value={body} onChange={setOwn} />}
      {!of.public && (
        <Field name="explorer-key" label={words.key} hint={words.keyHint}>
          {(described) => (
            <input {...described} ref={key} className="input" type="password" autoComplete="off" spellCheck={false} />
          )}
        </Field>
      )}
      <div className="acts">
        <button className="button primary" type="submit" aria-disabled={sending !== undefined || isReading}>
          {sending === undefined ? words.live : words.sending}
        </button>
        {sending !== undefined && (
          <button className="button" type="button" onClick={() => sending.abort()}>
            {words.stop}
          </button>
        )}
      </div>
      <Shown of={outcome} />
    </form>
  )
}

function Shown({ of }: { readonly of: Outcome | undefined }): ReactNode {
  if (of === undefined) return null
  if ('said' in of) return <p role="status">{of.said}</p>
  return 'error' in of ? <Problem error={of.error} /> : <AnswerView of={of.answer} />
}

async function send(id: string, body: ReturnType<typeof outgoingOf>, signal: AbortSignal): Promise<Outcome> {
  try {
    const response = await openCall('callApi', { params: { id }, body }, signal)
    const answer = readAnswer(await response.text())
    return answer === undefined ? { said: words.unreadable } : { answer }
  } catch (error) {
    if (signal.aborted) return { said: words.stopped }
    return { error: error instanceof ApiProblem ? error : new ApiProblem(0, { detail: words.broken('') }) }
  }
}

/** A page that comes out of the back-forward cache has its fields as they were. */
function useEmptyOnLeaving(field: { readonly current: HTMLInputElement | null }): void {
  useEffect(() => {
    const empty = (): void => {
      if (field.current !== null) field.current.value = ''
    }
    addEventListener('pagehide', empty)
    return () => removeEventListener('pagehide', empty)
  }, [field])
}

function bodyOf(
  document: JsonObject | undefined,
  media: { readonly schema: unknown; readonly example: unknown } | undefined,
) {
  if (document === undefined || media === undefined) return ''
  return JSON.stringify(media.example ?? sampleOf(document, media.schema), null, 2)
}

interface ValueProps {
  readonly of: Parameter
  readonly value: string
  readonly onChange: (value: string) => void
}

function Value({ of: { name, in: place, isRequired }, value, onChange }: ValueProps): ReactNode {
  const { operation } = reference
  const where = `${operation.places[place]}${isRequired ? `, ${operation.required}` : ''}`
  return (
    <Field name={`explorer-${place}-${name}`} label={name} hint={where}>
      {(described) => (
        <input
          {...described}
          className="input"
          autoComplete="off"
          spellCheck={false}
          value={value}
          onChange={({ target }) => onChange(target.value)}
        />
      )}
    </Field>
  )
}

interface BodyProps {
  readonly type: string
  readonly value: string
  readonly onChange: (value: string) => void
}

function Body({ type, value, onChange }: BodyProps): ReactNode {
  return (
    <Field name="explorer-body" label={`${words.body} · ${type}`}>
      {(described) => (
        <textarea
          {...described}
          className="input code"
          rows={Math.min(14, value.split('\n').length + 1)}
          spellCheck={false}
          value={value}
          onChange={({ target }) => onChange(target.value)}
        />
      )}
    </Field>
  )
}
