/** The list of operations. Only the rows that are seen are in the page, and the one that has focus. */
import { Link } from '@tanstack/react-router'
import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { reference } from '../../shared/text/reference.ts'
import { missingOf } from './access.ts'
import type { Named } from './operation_names.ts'
import { type Row, rowsOf } from './rows.ts'

const { key, list, token } = reference
const rowPixels = 48
const beyond = 6

interface OperationListProps {
  readonly operations: readonly Named[]
  readonly query: string
  /** The name of the open one. */
  readonly open: string | undefined
  /** The scopes of a key whose operations alone shall stand out. */
  readonly has: ReadonlySet<string> | undefined
  /** Names. */
  readonly ticked: readonly string[]
  readonly onTick: (name: string) => void
  readonly onOpen: (name: string) => void
}

export function OperationList({ operations, query, open, has, ticked, onTick, onOpen }: OperationListProps): ReactNode {
  const rows = useMemo(() => rowsOf(operations, query), [operations, query])
  const openAt = rows.findIndex((row) => 'operation' in row && row.operation.name === open)
  const firstAt = rows.findIndex((row) => 'operation' in row)
  const [focusAt, setFocusAt] = useState<number>()
  const tabAt = focusAt !== undefined && isOperation(rows[focusAt]) ? focusAt : openAt === -1 ? firstAt : openAt
  const box = useRef<HTMLDivElement>(null)
  const { from, to } = useSeen(box, rows.length)
  useScrolledTo(box, openAt)
  const focus = useRowFocus(box, focusAt)
  const press = (event: KeyboardEvent): void => {
    const next = nextOf(rows, tabAt, event.key)
    if (next === undefined) return
    event.preventDefault()
    focus(next)
    setFocusAt(next)
    scrollTo(box.current, next)
  }
  const shown = rows.map((row, at) => ({ row, at })).filter(({ at }) => (at >= from && at < to) || at === tabAt)
  const many = rows.filter(isOperation).length
  return (
    <nav ref={box} className="card operations" aria-label={list.label} onKeyDown={press}>
      <ul style={{ blockSize: rows.length * rowPixels }}>
        {shown.map(({ row, at }) => (
          <li key={at} data-row={at} style={{ insetBlockStart: at * rowPixels, blockSize: rowPixels }}>
            {isOperation(row) ? (
              <>
                <input
                  type="checkbox"
                  checked={ticked.includes(row.operation.name)}
                  tabIndex={at === tabAt ? 0 : -1}
                  aria-label={token.tick(row.operation.method, row.operation.route)}
                  onChange={() => onTick(row.operation.name)}
                  onFocus={() => setFocusAt(at)}
                />
                <OperationLink
                  of={row.operation}
                  has={has}
                  place={`${row.number}/${many}`}
                  isOpen={at === openAt}
                  isNext={at === tabAt}
                  onFocus={() => setFocusAt(at)}
                  onOpen={() => onOpen(row.operation.name)}
                />
              </>
            ) : (
              <p>
                {row.tag === '' ? list.untagged : row.tag} <span>{row.many}</span>
              </p>
            )}
          </li>
        ))}
      </ul>
    </nav>
  )
}

function isOperation(row: Row | undefined): row is Extract<Row, { readonly operation: Named }> {
  return row !== undefined && 'operation' in row
}

interface OperationLinkProps {
  readonly of: Named
  readonly has: ReadonlySet<string> | undefined
  readonly place: string
  readonly isOpen: boolean
  readonly isNext: boolean
  readonly onFocus: () => void
  readonly onOpen: () => void
}

function OperationLink({ of, has, place, isOpen, isNext, onFocus, onOpen }: OperationLinkProps): ReactNode {
  const { method, route, name, summary } = of
  const lacks = has === undefined ? '' : lackOf(missingOf(of, has))
  return (
    <Link
      to="/reference"
      search={(before: object) => ({ ...before, op: name })}
      resetScroll={false}
      tabIndex={isNext ? 0 : -1}
      className={lacks === '' ? undefined : 'out'}
      aria-current={isOpen ? 'true' : undefined}
      data-place={place}
      onFocus={onFocus}
      onClick={onOpen}
    >
      <Method of={method} /> <code>{route}</code>
      <small>{lacks === '' ? summary : lacks}</small>
    </Link>
  )
}

function lackOf(missing: readonly string[] | undefined): string {
  if (missing === undefined) return key.shortNever
  return missing.length === 0 ? '' : key.short(missing.join(' '))
}

export function Method({ of }: { readonly of: string }): ReactNode {
  return <b className={`method ${of === 'GET' || of === 'HEAD' ? 'reads' : of === 'DELETE' ? 'ends' : ''}`}>{of}</b>
}

/** Which rows are seen, and some beyond. */
function useSeen(box: React.RefObject<HTMLElement | null>, many: number) {
  const [first, setFirst] = useState(0)
  const [fits, setFits] = useState(20)
  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    const look = (): void => {
      setFirst(Math.floor(element.scrollTop / rowPixels))
      setFits(Math.ceil(element.clientHeight / rowPixels))
    }
    look()
    element.addEventListener('scroll', look, { passive: true })
    const watch = new ResizeObserver(look)
    watch.observe(element)
    return () => {
      element.removeEventListener('scroll', look)
      watch.disconnect()
    }
  }, [box])
  const start = Math.min(first, Math.max(0, many - 1))
  return { from: start - beyond, to: start + fits + beyond }
}

/** Gives what focuses a row, at once when it has become `at`: the next key is for the row that this one went to. */
function useRowFocus(box: React.RefObject<HTMLElement | null>, at: number | undefined): (row: number) => void {
  const awaited = useRef<number>(undefined)
  const focus = (row: number | undefined): void =>
    box.current?.querySelector<HTMLElement>(`[data-row="${row}"] a`)?.focus()
  useLayoutEffect(() => {
    if (at === undefined || at !== awaited.current) return
    awaited.current = undefined
    focus(at)
  })
  return (row) => {
    if (row === at) focus(row)
    else awaited.current = row
  }
}

/** The open one is seen when the page comes with it. */
function useScrolledTo(box: React.RefObject<HTMLElement | null>, at: number): void {
  const isDone = useRef(false)
  useEffect(() => {
    if (isDone.current || at === -1) return
    isDone.current = true
    scrollTo(box.current, at)
  }, [box, at])
}

/** No further than it must. */
function scrollTo(box: HTMLElement | null, at: number): void {
  if (box === null) return
  const [top, bottom] = [(at - 1) * rowPixels, (at + 1) * rowPixels - box.clientHeight]
  if (box.scrollTop > top) box.scrollTop = top
  else if (box.scrollTop < bottom) box.scrollTop = bottom
}

function nextOf(rows: readonly Row[], at: number, key: string): number | undefined {
  const operations = rows.flatMap((row, index) => (isOperation(row) ? [index] : []))
  const here = operations.indexOf(at)
  const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: operations.length - 1 }[key]
  return to === undefined ? undefined : operations[to]
}
