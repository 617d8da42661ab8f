/** Loading, empty, refused, stale: what stands where data will be, is not, or is of before. */
import { type ReactNode, useState } from 'react'
import { ApiProblem } from '../../shared/api/problem.ts'
import { late } from '../../shared/kit/late.tsx'
import { Pages } from '../../shared/kit/pages.tsx'
import { Problem } from '../../shared/kit/problem.tsx'
import { Read } from '../../shared/kit/read.tsx'
import { Empty, Refetching, Skeleton, Stale, Unknown } from '../../shared/kit/states.tsx'
import { kitText } from '../../shared/text/kit.ts'
import { text } from '../../shared/text.ts'
import { InState, Shown } from './shown.tsx'

const { names, sample } = kitText

const broken = new ApiProblem(503, { code: 'unavailable', detail: sample.detail }, sample.request)
const lost = new ApiProblem(0, { code: 'no_answer', detail: text.problem.notRead })
const forbidden = new ApiProblem(403, { code: 'insufficient_scope', detail: text.problem.forbidden }, sample.request)
const refused = new ApiProblem(
  400,
  { code: 'invalid_request', detail: sample.wrong, errors: [{ pointer: '/name', detail: sample.wrong }] },
  sample.request,
)
const stepUp = new ApiProblem(403, { code: 'step_up_required' })

const Part = late(async () => () => <p>{names.data}</p>)
const PartThatComes = late(() => new Promise<() => ReactNode>(() => undefined))

export function States(): ReactNode {
  const [at] = useState(() => Date.now() - 60_000)
  return (
    <>
      <Shown of="states.tsx">
        <InState name={names.loading}>
          <Skeleton rows={2} label={text.keys.loading} />
        </InState>
        <InState name={names.empty}>
          <Empty title={sample.nothingYet} detail={sample.nothingDetail}>
            <button type="button" className="button primary">
              {text.keys.create}
            </button>
          </Empty>
        </InState>
        <InState name={names.stale}>
          <Stale since={at} error={lost} />
        </InState>
        <InState name={names.again}>
          <Refetching isOn />
        </InState>
        <InState name={names.unknown}>
          <Unknown />
        </InState>
      </Shown>
      <Problems />
      <Reads at={at} />
      <Shown of="late.tsx">
        <InState name={names.loading}>
          <PartThatComes />
        </InState>
        <InState name={names.data}>
          <Part />
        </InState>
      </Shown>
      <Shown of="pages.tsx">
        {(
          [
            [names.first, undefined, 'next'],
            [names.middle, 'after', 'next'],
            [names.last, 'after', null],
          ] as const
        ).map(([name, after, next]) => (
          <InState key={name} name={name}>
            <Pages after={after} next={next} onGo={() => undefined}>
              {sample.rows}
            </Pages>
          </InState>
        ))}
      </Shown>
    </>
  )
}

function Problems(): ReactNode {
  return (
    <Shown of="problem.tsx">
      <InState name={names.failed}>
        <Problem error={broken} onRetry={() => undefined} />
      </InState>
      <InState name={names.fields}>
        <Problem error={refused} />
      </InState>
      <InState name={names.forbidden}>
        <Problem error={forbidden} />
      </InState>
      <InState name={names.lost}>
        <Problem error={lost} onRetry={() => undefined} />
      </InState>
      <InState name={names.stepUp}>
        <Problem error={stepUp} />
      </InState>
    </Shown>
  )
}

function Reads({ at }: { readonly at: number }): ReactNode {
  const still = { dataUpdatedAt: at, isFetching: false, refetch: () => new Promise<never>(() => undefined) }
  const reads = [
    [names.loading, { ...still, data: undefined, error: null }],
    [names.failed, { ...still, data: undefined, error: broken }],
    [names.data, { ...still, data: sample.rows, error: null }],
    [names.again, { ...still, data: sample.rows, error: null, isFetching: true }],
    [names.stale, { ...still, data: sample.rows, error: lost }],
  ] as const
  return (
    <Shown of="read.tsx">
      {reads.map(([name, of]) => (
        <InState key={name} name={name}>
          <Read of={of} rows={1} label={text.keys.loading}>
            {(data: string) => <p>{data}</p>}
          </Read>
        </InState>
      ))}
    </Shown>
  )
}
