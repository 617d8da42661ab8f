/** The facts of an application: its kind, its access, and the parts of it that people see. */
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Client } from '../../shared/api/queries.ts'
import { Status } from '../../shared/kit/status.tsx'
import { Tags } from '../../shared/kit/tags.tsx'
import { Exactly } from '../../shared/kit/time.tsx'
import { applicationsText as words } from '../../shared/text/applications.ts'
import { text } from '../../shared/text.ts'
import { isSigningIn } from './types.ts'
import { useNames } from './use_names.ts'

const { detail } = words

interface OfClient {
  readonly of: Client
}

type Fact = readonly [name: string, shown: ReactNode]

export function Facts({ of: client }: OfClient): ReactNode {
  const names = useNames()
  const { clientId, createdAt, updatedAt, jwks, rateLimit, teamId, type } = client
  const keyIds = jwks.keys.map(({ kid }) => String(kid))
  const facts: readonly Fact[] = [
    [detail.type, words.types[type]],
    [detail.id, <code key="id">{clientId}</code>],
    [detail.team, names.team(teamId)],
    ...(isSigningIn(client) ? signInFacts(client) : []),
    ...(keyIds.length === 0 ? [] : [[detail.publicKeys, keyIds.join(', ')] as const]),
    [
      detail.rate,
      rateLimit === null ? text.detail.unlimited : text.detail.perWindow(rateLimit.limit, rateLimit.windowSeconds),
    ],
    [detail.created, <Exactly key="created" at={createdAt} />],
    [detail.changed, <Exactly key="changed" at={updatedAt} />],
  ]
  return (
    <section className="card pad" aria-labelledby="facts">
      <h2 id="facts">{detail.facts}</h2>
      <dl className="facts wide">
        {facts.map(([name, shown]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{shown}</dd>
          </div>
        ))}
      </dl>
      <p className="more-of">
        <Link to="/keys" search={{ client: clientId }}>
          {detail.keys}
        </Link>
      </p>
    </section>
  )
}

function signInFacts({ consent, offlineAccess, type }: Client): readonly Fact[] {
  const refresh = offlineAccess ? detail.refreshAsked : detail.refreshNever
  return [
    [detail.refresh, type === 'native' ? detail.refreshAlways : refresh],
    [detail.consent, detail.consents[consent]],
  ]
}

export function Access({ of: { access } }: OfClient): ReactNode {
  const names = useNames()
  return (
    <section className="card pad" aria-labelledby="access">
      <h2 id="access">{detail.access}</h2>
      {access.length === 0 && <p className="quiet">{detail.accessNone}</p>}
      <ul className="lines">
        {access.map(({ audience, scope }) => (
          <li key={audience}>
            <span>
              <b>{names.api(audience)}</b> <code className="quiet long">{audience}</code>
            </span>
            {scope === '' ? <span className="quiet">{detail.noScopes}</span> : <Tags scope={scope} />}
          </li>
        ))}
      </ul>
    </section>
  )
}

export function People({ of: { homepageUri, logoUri, name, verified } }: OfClient): ReactNode {
  return (
    <section className="card pad" aria-labelledby="people">
      <h2 id="people">{detail.people}</h2>
      <dl className="facts wide">
        <div className="whole">
          <dt>{words.columns.name}</dt>
          <dd>
            <b>{name}</b>
            <Status
              kind={verified ? 'active' : 'ends'}
              word={verified ? detail.verified : detail.unverified}
              small={verified ? undefined : detail.unverifiedDetail}
            />
          </dd>
        </div>
        <div>
          <dt>{detail.home}</dt>
          <dd>{homepageUri === null ? words.none_ : <Outside href={homepageUri} />}</dd>
        </div>
        <div>
          <dt>{detail.logo}</dt>
          <dd>{logoUri === null ? words.none_ : <Outside href={logoUri} />}</dd>
        </div>
      </dl>
    </section>
  )
}

/** A link that somebody has set: to https alone. */
function Outside({ href }: { readonly href: string }): ReactNode {
  if (URL.parse(href)?.protocol !== 'https:') return <span className="long">{href}</span>
  return (
    <a className="long" href={href} rel="noreferrer" target="_blank">
      {href}
    </a>
  )
}

export function Redirects({ of: { postLogoutRedirectUris, redirectUris } }: OfClient): ReactNode {
  return (
    <section className="card pad" aria-labelledby="redirects">
      <h2 id="redirects">{detail.redirects}</h2>
      {redirectUris.length === 0 && <p>{detail.redirectsNone}</p>}
      <Uris title={detail.redirectUris} of={redirectUris} />
      <Uris title={detail.postLogoutRedirectUris} of={postLogoutRedirectUris} />
    </section>
  )
}

function Uris({ title, of }: { readonly title: string; readonly of: readonly string[] }): ReactNode {
  if (of.length === 0) return null
  return (
    <>
      <h3>{title}</h3>
      <ul className="lines">
        {of.map((uri) => (
          <li key={uri}>
            <code className="long">{uri}</code>
          </li>
        ))}
      </ul>
    </>
  )
}
