/** Mints a token with exactly the scopes of what is ticked, or of the operation that is open. */
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useId } from 'react'
import { call } from '../../../shared/api/call.ts'
import type { Api } from '../../../shared/api/queries.ts'
import { Problem } from '../../../shared/kit/problem.tsx'
import { reference } from '../../../shared/text/reference.ts'
import { useAct } from '../../../shared/use_act.ts'
import { accessOf, type Chosen, inWords, scopeFor } from '../access.ts'
import type { Named } from '../operation_names.ts'
import { heldToken, useTokenFacts } from './held_token.ts'
import { HeldToken } from './held_token_view.tsx'
import type { Minter } from './minters.ts'
import { useMinters } from './use_minters.ts'

const route = getRouteApi('/reference')

const { token: words } = reference
const lifeSeconds = 300

interface TokenCardProps {
  readonly api: Api
  readonly ticked: readonly Named[]
  readonly open: Named | undefined
  readonly operations: readonly Named[]
}

export function TokenCard({ api, ticked, open, operations }: TokenCardProps): ReactNode {
  const { team } = route.useSearch()
  const { minters, failed } = useMinters(api)
  const facts = useTokenFacts(api.audience)
  const wanted = ticked.length > 0 ? ticked : open === undefined ? [] : [open]
  const minter = minters?.find(({ id }) => id === team) ?? minters?.[0]
  if (wanted.length === 0 && facts === undefined) return null
  return (
    <section className="card pad token" aria-labelledby="token">
      <h3 id="token">{words.title}</h3>
      {ticked.length > 0 && <Ticked many={ticked.length} />}
      {failed !== undefined && <Problem error={failed.error} onRetry={failed.retry} />}
      {minters !== undefined && minter === undefined && <p className="quiet">{words.none}</p>}
      {minters !== undefined && minters.length > 1 && <MinterChoice of={minters} chosen={minter} />}
      {minter !== undefined && wanted.length > 0 && <Mint api={api} minter={minter} wanted={wanted} all={operations} />}
      {facts !== undefined && <HeldToken of={facts} />}
    </section>
  )
}

function Ticked({ many }: { readonly many: number }): ReactNode {
  return (
    <p>
      {words.ticked(many)}{' '}
      <Link to="/reference" search={(before) => ({ ...before, ticked: undefined })} resetScroll={false}>
        {words.untick}
      </Link>
    </p>
  )
}

interface MinterChoiceProps {
  readonly of: readonly Minter[]
  readonly chosen: Minter | undefined
}

function MinterChoice({ of: minters, chosen }: MinterChoiceProps): ReactNode {
  const id = useId()
  const navigate = useNavigate({ from: '/reference' })
  const choose = (team: string): void =>
    void navigate({ search: (before) => ({ ...before, team }), replace: true, resetScroll: false })
  return (
    <p className="labelled">
      <label htmlFor={id}>{words.of}</label>
      <select id={id} value={chosen?.id} onChange={(event) => choose(event.target.value)}>
        {minters.map(({ id: each, name }) => (
          <option key={each} value={each}>
            {name}
          </option>
        ))}
      </select>
    </p>
  )
}

interface MintProps {
  readonly api: Api
  readonly minter: Minter
  readonly wanted: readonly Named[]
  readonly all: readonly Named[]
}

function Mint({ api, minter, wanted, all }: MintProps): ReactNode {
  const act = useAct()
  const chosen = scopeFor(wanted, minter.givable, all)
  const scope = chosen.scope.join(' ')
  if (wanted.every((each) => accessOf(each) === 'public')) return <p className="quiet">{words.public}</p>
  if (chosen.refused.length > 0) return <Refused of={chosen} minter={minter} />
  const mint = (): void =>
    void act.run(async () => {
      const ticket = heldToken.begin()
      const ttlSeconds = Math.min(lifeSeconds, api.tokenTtlSecondsMax)
      const askedAt = Date.now()
      const body = { ...minter.named, audience: api.audience, scope, listed: false, ttlSeconds }
      const { token, ...made } = await call('createToken', { body })
      const endsAt = askedAt + Date.parse(made.expiresAt) - Date.parse(made.createdAt)
      heldToken.hold(ticket, token, { audience: made.audience, scope: made.scope, endsAt })
    })
  return (
    <>
      <div className="tags">
        {chosen.scope.map((token) => (
          <span key={token} className="tag">
            {token}
          </span>
        ))}
      </div>
      <div className="acts">
        <button className="button primary" type="button" aria-disabled={act.isSending} onClick={mint}>
          {act.isSending ? words.minting : words.mint(wanted.length)}
        </button>
        <Link className="button" to="/keys/new" search={{ scope, audience: api.audience }}>
          {words.makeKey}
        </Link>
      </div>
      <p className="note quiet">{words.life}</p>
      {act.error !== undefined && <Problem error={act.error} />}
    </>
  )
}

/** The operations that nothing opens which the team, or client, can have. */
function Refused({ of: { refused }, minter }: { readonly of: Chosen<Named>; readonly minter: Minter }): ReactNode {
  return (
    <ul>
      {refused.map((each) => (
        <li key={each.name}>
          {each.requires.length === 0
            ? words.never(each.method, each.route)
            : words.refused(minter.name, inWords(each), each.method, each.route)}
        </li>
      ))}
    </ul>
  )
}
