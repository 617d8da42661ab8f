/** Small parts that stand within a line. */
import { type ReactNode, useState } from 'react'
import { CopyId } from '../../shared/kit/copy_id.tsx'
import { Environment } from '../../shared/kit/environment.tsx'
import { Icon, iconNames, Mark, MoreIcon } from '../../shared/kit/icon.tsx'
import { MaskedKey } from '../../shared/kit/masked_key.tsx'
import { Status, type StatusKind } from '../../shared/kit/status.tsx'
import { Tags } from '../../shared/kit/tags.tsx'
import { Ago, Exactly } from '../../shared/kit/time.tsx'
import { kitText } from '../../shared/text/kit.ts'
import { text } from '../../shared/text.ts'
import { InState, Shown } from './shown.tsx'

const { names, sample } = kitText
const kinds = ['active', 'ends', 'rolling', 'disabled', 'expired', 'revoked'] as const satisfies readonly StatusKind[]
const hourMs = 3_600_000

export function Marks(): ReactNode {
  const [now] = useState(() => Date.now())
  const [before, after] = [-26 * hourMs, 72 * hourMs].map((ms) => new Date(now + ms).toISOString())
  return (
    <>
      <Shown of="status.tsx">
        <div className="row">
          {kinds.map((kind) => (
            <Status key={kind} kind={kind} word={kind} />
          ))}
        </div>
        <InState name={names.next}>
          <Status kind="rolling" word={text.key.status.rolling} small={text.key.status.rollingUntil('14:00')} />
        </InState>
      </Shown>
      <Icons />
      <Shown of="environment.tsx">
        <div className="row">
          <Environment of="live" />
          <Environment of="test" />
        </div>
      </Shown>
      <Shown of="masked_key.tsx">
        <div className="row">
          <MaskedKey id={sample.id} environment="live" />
          <MaskedKey id={sample.id} environment="test" />
        </div>
      </Shown>
      <Shown of="copy_id.tsx">
        <div className="row">
          <CopyId id={sample.request} />
        </div>
      </Shown>
      <Shown of="tags.tsx">
        <InState name={names.plain}>
          <Tags scope={sample.scope} />
        </InState>
        <InState name={names.many}>
          <Tags scope={sample.scope} shown={2} />
        </InState>
      </Shown>
      <Shown of="time.tsx">
        <div className="row">
          <Ago at={before ?? ''} />
          <Ago at={after ?? ''} />
          <Exactly at={before ?? ''} />
        </div>
      </Shown>
    </>
  )
}

function Icons(): ReactNode {
  return (
    <Shown of="icon.tsx">
      <div className="row">
        <Mark />
        {iconNames.map((name) => (
          <span key={name} className="icon-shown">
            <Icon name={name} /> <code>{name}</code>
          </span>
        ))}
        <span className="icon-shown">
          <MoreIcon /> <code>more</code>
        </span>
      </div>
    </Shown>
  )
}
