/** The secrets of an application: which work, since when and until when. */
import type { ReactNode } from 'react'
import type { Client } from '../../../shared/api/queries.ts'
import { Icon } from '../../../shared/kit/icon.tsx'
import { Status } from '../../../shared/kit/status.tsx'
import { Ago } from '../../../shared/kit/time.tsx'
import { applicationsText as words } from '../../../shared/text/applications.ts'
import { ago, exactly } from '../../../shared/time.ts'
import { addOpener } from '../openers.ts'
import { hasSecret } from '../types.ts'
import { type Secret, secretsNow } from './secrets_now.ts'

const { secrets: texts } = words

interface SecretsProps {
  readonly of: Client
  readonly mayChange: boolean
  readonly isStale: boolean
  readonly onAdd: () => void
  readonly onEnd: (id: string) => void
}

export function Secrets({ of: { secrets, type }, mayChange, isStale, onAdd, onEnd }: SecretsProps): ReactNode {
  const { working } = secretsNow(secrets)
  return (
    <section className="card pad" aria-labelledby="secrets">
      <h2 id="secrets">{texts.title}</h2>
      {!hasSecret(type) && <p className="quiet">{texts.noneOfType}</p>}
      {hasSecret(type) && <p className="quiet">{secrets.length === 0 ? texts.none : texts.lead}</p>}
      <ul className="lines secrets">
        {secrets.map((secret) => (
          <li key={secret.id}>
            <OneSecret of={secret} isWorking={working.includes(secret)} />
            {mayChange && working.includes(secret) && (
              <button
                className="button bare"
                type="button"
                disabled={isStale}
                aria-label={texts.endFor(secret.id)}
                onClick={() => onEnd(secret.id)}
              >
                {texts.end}
              </button>
            )}
          </li>
        ))}
      </ul>
      {mayChange && hasSecret(type) && (
        <div className="acts">
          <button id={addOpener} className="button" type="button" disabled={isStale} onClick={onAdd}>
            <Icon name="plus" />
            {texts.add}
          </button>
        </div>
      )}
    </section>
  )
}

function OneSecret({ of, isWorking }: { readonly of: Secret; readonly isWorking: boolean }): ReactNode {
  const { createdAt, expiresAt, id } = of
  return (
    <>
      <code>{id}</code>
      <span className="quiet">
        {texts.made} <Ago at={createdAt} />
      </span>
      <span className="grow" title={expiresAt === null ? undefined : exactly(expiresAt)}>
        {!isWorking && <Status kind="expired" word={texts.ended} />}
        {isWorking && expiresAt === null && <Status kind="active" word={texts.works} />}
        {isWorking && expiresAt !== null && (
          <Status kind="ends" word={texts.works} small={texts.ends(ago(expiresAt))} />
        )}
      </span>
    </>
  )
}
