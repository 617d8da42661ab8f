/** Why a call was refused: the check that failed, the one thing that would mend it, and all checks in order. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { meQuery } from '../../shared/api/queries.ts'
import type { Refusal } from '../../shared/api/usage_queries.ts'
import { Checks, CodePage } from '../../shared/kit/fields/checks.tsx'
import { mayWrite } from '../../shared/may_write.ts'
import { checksText } from '../../shared/text/checks.ts'
import { refusalsText as words } from '../../shared/text/refusals.ts'

export function Why({ of: { requestId, code, missingScope, address, checks } }: { readonly of: Refusal }): ReactNode {
  const { data: me } = useQuery(meQuery)
  const failed = checks.find(({ result }) => result === 'failed')
  return (
    <section className="why" aria-label={words.whyOf(requestId)}>
      <dl className="facts">
        <div>
          <dt>{words.failed}</dt>
          <dd>
            {failed === undefined ? words.noneFailed : words.failedAt(checks.indexOf(failed) + 1, failed.name)}
            {failed !== undefined && <p>{checksText.codes[code] ?? code}</p>}
            {missingScope !== '' && (
              <p className="note quiet">
                {words.missing}: <code>{missingScope}</code>
              </p>
            )}
          </dd>
        </div>
        <div>
          <dt>{checksText.mend}</dt>
          <dd>
            {checksText.mends[code] ?? ''} <CodePage of={code} />
            {missingScope !== '' && mayWrite(me) && (
              <p>
                <Link to="/keys/new" search={{ scope: missingScope }}>
                  {checksText.makeKey}
                </Link>
              </p>
            )}
          </dd>
        </div>
        {address !== undefined && (
          <div>
            <dt>{words.address}</dt>
            <dd>
              <code>{address}</code>
            </dd>
          </div>
        )}
      </dl>
      <Checks of={checks} />
      <p className="note quiet">{checksText.skipped}</p>
    </section>
  )
}
