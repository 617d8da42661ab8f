/** A secret of an application, once. */
import { useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Client } from '../../../shared/api/queries.ts'
import { CopyId } from '../../../shared/kit/copy_id.tsx'
import { ScreenTitle } from '../../../shared/kit/screen_title.tsx'
import { screenChange } from '../../../shared/screen_change.ts'
import { applicationsText as words } from '../../../shared/text/applications.ts'
import { Ticket } from '../../reveal/ticket.tsx'
import { Crumbs } from '../crumbs.tsx'
import { useNames } from '../use_names.ts'

const { detail, reveal } = words

export function RevealSecret({ of: client }: { readonly of: Client }): ReactNode {
  const { clientId, name } = client
  const navigate = useNavigate()
  const leave = (): void => {
    // The same address has another heading then.
    screenChange.begin()
    void navigate({ to: '/applications/$clientId', params: { clientId }, search: {}, replace: true })
  }
  return (
    <>
      <Crumbs name={name} />
      <div className="head">
        <div>
          <ScreenTitle>{reveal.ready(name)}</ScreenTitle>
          <p>{reveal.lead}</p>
        </div>
      </div>
      <Ticket
        id={clientId}
        words={reveal}
        variable="COUNTERSIGN_CLIENT_SECRET"
        stub={<Stub of={client} />}
        onLeave={leave}
      />
    </>
  )
}

function Stub({ of: { access, clientId, type } }: { readonly of: Client }): ReactNode {
  const names = useNames()
  return (
    <div className="stub">
      <dl className="facts">
        <div>
          <dt>{detail.id}</dt>
          <dd>
            <CopyId id={clientId} />
          </dd>
        </div>
        <div>
          <dt>{detail.type}</dt>
          <dd>{words.types[type]}</dd>
        </div>
        <div>
          <dt>{reveal.may}</dt>
          <dd>{access.length === 0 ? words.noApi : access.map(({ audience }) => names.api(audience)).join(', ')}</dd>
        </div>
      </dl>
    </div>
  )
}
