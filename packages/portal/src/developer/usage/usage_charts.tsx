import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { keyNamesQuery, type UsageCount } from '../../shared/api/usage_queries.ts'
import { Icon } from '../../shared/kit/icon.tsx'
import { Outcomes } from '../../shared/kit/outcomes.tsx'
import { saveFile } from '../../shared/save_file.ts'
import { usageText as words } from '../../shared/text/usage.ts'
import { text } from '../../shared/text.ts'
import type { Intervals, Range } from '../../shared/usage_intervals.ts'
import { csvOf } from './csv.ts'
import { groupsOf } from './groups.ts'

interface UsageSearch {
  readonly range?: Range | undefined
  readonly key?: string | undefined
  readonly scope?: string | undefined
}

interface UsageChartsProps {
  readonly of: readonly UsageCount[]
  readonly by: 'outcome' | 'keyId' | 'scope'
  readonly time: Intervals
  /** The search of the usage screen for one group alone. */
  readonly opens: (one: { readonly [by in 'key' | 'scope']?: string }) => UsageSearch
}

const number = new Intl.NumberFormat('en')

export function UsageCharts({ of, by, time, opens }: UsageChartsProps): ReactNode {
  const download = (): void => {
    const named = by === 'outcome' ? (['outcome'] as const) : ([by, 'outcome'] as const)
    const rows = of.map((each) => [each.at, ...named.map((member) => each[member] ?? ''), each.count])
    const heads = [words.csvColumns.at, ...named, words.csvColumns.count]
    saveFile('usage.csv', 'text/csv', csvOf([heads, ...rows]))
  }
  return (
    <>
      <section className="card pad chart" aria-labelledby="calls">
        <h2 id="calls">
          {words.calls} <span className="quiet">{words.unit[time.interval]}</span>
        </h2>
        {by === 'outcome' ? <Outcomes of={of} time={time} /> : <Groups of={of} by={by} time={time} opens={opens} />}
      </section>
      <button className="button" type="button" onClick={download}>
        <Icon name="download" /> {words.csv}
      </button>
    </>
  )
}

const shownMax = 20

/** A row for each of the most called, all to one scale. It is a table already. */
function Groups({ of, by, time, opens }: UsageChartsProps & { readonly by: 'keyId' | 'scope' }): ReactNode {
  const { data: named = [] } = useQuery(keyNamesQuery)
  const groups = groupsOf(of, time)
  const most = Math.max(1, ...groups.flatMap(({ allowed, refused }) => [...allowed, ...refused]))
  const nameOf = (name: string): string => {
    if (name === '') return by === 'scope' ? words.noScope : words.nobody
    return by === 'scope' ? name : (named.find(({ id }) => id === name)?.name ?? name)
  }
  return (
    <>
      <table className="figures groups">
        <thead>
          <tr>
            <th scope="col">{words.groups[by]}</th>
            <th scope="col">{words.total}</th>
            <th scope="col">{text.detail.refusedShort}</th>
            <td />
          </tr>
        </thead>
        <tbody>
          {groups.slice(0, shownMax).map(({ name, total, allowed, refused }) => (
            <tr key={name}>
              <th scope="row">
                {name === '' ? (
                  <span className="quiet">{nameOf(name)}</span>
                ) : (
                  <Link
                    to="/usage"
                    search={opens({ [by === 'scope' ? 'scope' : 'key']: name })}
                    title={words.open(nameOf(name))}
                  >
                    {nameOf(name)}
                  </Link>
                )}
              </th>
              <td>{number.format(total)}</td>
              <td>{number.format(refused.reduce((sum, each) => sum + each, 0))}</td>
              <td className="line">
                <Line allowed={allowed} refused={refused} most={most} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {groups.length > shownMax && <p className="note quiet">{words.more(groups.length - shownMax)}</p>}
    </>
  )
}

const pitch = 6
const height = 20

interface LineProps {
  readonly allowed: readonly number[]
  readonly refused: readonly number[]
  readonly most: number
}

function Line({ allowed, refused, most }: LineProps): ReactNode {
  const width = allowed.length * pitch
  const tall = (count: number): number => (count === 0 ? 0 : Math.max(2, (count / most) * height))
  return (
    <svg className="bars" viewBox={`0 0 ${width} ${height * 2 + 1}`} preserveAspectRatio="none" aria-hidden="true">
      <line className="base" x1="0" x2={width} y1={height + 0.5} y2={height + 0.5} />
      {allowed
        .map((count, index) => [index * pitch + 1, tall(count), tall(refused[index] ?? 0)] as const)
        .map(([x, up, down]) => (
          <g key={x}>
            <rect className="ok" x={x} y={height - up} width={pitch - 2} height={up} />
            <rect className="no" x={x} y={height + 1} width={pitch - 2} height={down} />
          </g>
        ))}
    </svg>
  )
}
