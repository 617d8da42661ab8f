/** Loading, empty and stale: what stands where data will be, is not, or is of before. */
import { type ReactNode, useEffect, useState } from 'react'
import { isAnswerLost } from '../api/problem.ts'
import { text } from '../text.ts'
import { clockTime } from '../time.ts'
import { Icon } from './icon.tsx'
import { ScreenTitle } from './screen_title.tsx'

const patienceMs = 200

/** Nothing for 200 ms, then rows of the height that data will have. */
export function Skeleton({ rows, label }: { readonly rows: number; readonly label: string }): ReactNode {
  const [isShown, setShown] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), patienceMs)
    return () => clearTimeout(timer)
  }, [])
  const lines = Array.from({ length: rows }, (_, index) => `row ${index}`)
  return (
    <div className="card skeleton" role="status" aria-label={label}>
      {lines.map((line) => (isShown ? <i key={line} /> : <i key={line} className="unseen" />))}
    </div>
  )
}

interface EmptyProps {
  /** Where nothing else names the page. Default: a part of it. */
  readonly isPage?: true
  readonly title: string
  readonly detail: string
  readonly children?: ReactNode
}

export function Empty({ isPage, title, detail, children }: EmptyProps): ReactNode {
  return (
    <section className="card state">
      {isPage === true ? <ScreenTitle>{title}</ScreenTitle> : <h2>{title}</h2>}
      <p>{detail}</p>
      {children !== undefined && <div className="acts">{children}</div>}
    </section>
  )
}

/** Over data that could not be read again, with the reason. */
export function Stale({ since, error }: { readonly since: number; readonly error: Error }): ReactNode {
  return (
    <div className="notice warn stale" role="status">
      <Icon name="warning" />
      <p>
        {text.problem.stale(clockTime(since))} {isAnswerLost(error) ? text.problem.reconnecting : error.message}
      </p>
    </div>
  )
}

/** A fact that nobody could tell: neither none nor zero. */
export function Unknown(): ReactNode {
  return <span className="quiet">{text.unknown}</span>
}

/** A thin line while data is read again, over data. */
export function Refetching({ isOn }: { readonly isOn: boolean }): ReactNode {
  return <div className={isOn ? 'refetching on' : 'refetching'} aria-hidden="true" />
}
