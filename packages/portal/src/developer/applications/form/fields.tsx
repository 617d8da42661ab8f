/** The fields that creating and changing an application share. */
import type { ReactNode } from 'react'
import { errorOf } from '../../../shared/api/problem.ts'
import { Field } from '../../../shared/kit/fields/field.tsx'
import { TypedInput } from '../../../shared/kit/fields/typed_input.tsx'
import { applicationsText as words } from '../../../shared/text/applications.ts'
import { mayChooseToStay, type SigningIn } from '../types.ts'
import type { ApplicationDraft, DraftName } from './draft.ts'
import { errorOfItem, errorOfList } from './field_errors.ts'
import { UriLines } from './uri_lines.tsx'

const { form } = words

/** The lists of a body that was refused. */
export interface SentLists {
  readonly redirectUris?: readonly string[] | undefined
  readonly postLogoutRedirectUris?: readonly string[] | undefined
  readonly access?: readonly { readonly audience: string }[] | undefined
}

export interface PartProps {
  readonly draft: ApplicationDraft
  readonly error: unknown
  readonly sent: SentLists | undefined
  readonly onChange: (name: DraftName, value: string) => void
}

interface LineProps extends Pick<PartProps, 'draft' | 'error' | 'onChange'> {
  readonly of: 'name' | 'homepageUri' | 'logoUri'
  readonly label: string
  readonly hint: string
}

function Line({ of, label, hint, draft, error, onChange }: LineProps): ReactNode {
  return (
    <Field name={of} label={label} hint={hint} error={errorOf(error, of)}>
      {(described) => (
        <TypedInput
          {...described}
          className="input"
          inputMode={of === 'name' ? 'text' : 'url'}
          value={draft[of] ?? ''}
          onType={(value) => onChange(of, value)}
        />
      )}
    </Field>
  )
}

/** Name, home page and picture; the name alone where nobody sees the rest. */
export function Shown({ isSeen, ...part }: PartProps & { readonly isSeen: boolean }): ReactNode {
  return (
    <>
      <Line {...part} of="name" label={form.name} hint={isSeen ? form.nameHint : form.nameHintOwn} />
      {isSeen && (
        <>
          <Line {...part} of="homepageUri" label={form.home} hint={form.homeHint} />
          <Line {...part} of="logoUri" label={form.logo} hint={form.logoHint} />
        </>
      )}
    </>
  )
}

/** Where people come back to, and whether it stays signed in. */
export function SignIn({ draft, type, error, sent, onChange }: PartProps & { readonly type: SigningIn }): ReactNode {
  const lines = (['redirectUris', 'postLogoutRedirectUris'] as const).map((name) => (
    <UriLines
      key={name}
      name={name}
      label={form[name]}
      hint={name === 'redirectUris' ? form.redirectUrisHint[type] : form.postLogoutHint}
      value={draft[name] ?? ''}
      errorOf={(uri) => errorOfItem(error, name, sent?.[name], uri)}
      error={errorOfList(error, name)}
      onChange={(value) => onChange(name, value)}
    />
  ))
  return (
    <>
      {lines}
      {mayChooseToStay(type) && (
        <label className="check stays">
          <input
            type="checkbox"
            checked={draft.offlineAccess === 'true'}
            onChange={() => onChange('offlineAccess', draft.offlineAccess === 'true' ? 'false' : 'true')}
          />
          <span>
            {form.stays} <small className="note quiet">{form.staysHint}</small>
          </span>
        </label>
      )}
    </>
  )
}
