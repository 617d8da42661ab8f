import { type Established, type Scope, type Seconds, Shares } from '@countersign/core'
import type { Outcome, OutcomeCode } from '../outcome.ts'

/** Counts of one credential, requirement and outcome in one minute. */
export interface UsageRow {
  /** Empty for a credential that nobody knows, and for tokens that are in nobody's list: many of them are a few rows. */
  readonly credentialId: string
  readonly clientId: string
  /** What was required: tokens with spaces between them, alternatives with ` | `; empty when nothing was. */
  readonly scope: string
  readonly outcome: OutcomeCode
  /** The minute's start, in seconds. */
  readonly minuteAt: Seconds
  readonly count: number
  /** When the last of them was. */
  readonly lastAt: Seconds
}

/** Where the engine counts what it decided. A port: it must neither wait nor throw. */
export interface UsagePort {
  count(now: Seconds, credentialId: string, clientId: string, requires: readonly Scope[], outcome: OutcomeCode): void
}

/** Distinct rows that counters may hold together until they are taken; what comes beyond is counted by outcome alone. */
export interface UsageRoom {
  /** Whether there is room for one more row, which has it then. */
  take(): boolean
  /** Rows that were taken to be reported make room again. */
  give(rows: number): void
}

export interface UsageCounterOptions {
  /** Default: 10,000 rows of its own. */
  readonly room?: UsageRoom
  /** Called with the first count since the last were taken: something is there to report. */
  readonly onFirst?: () => void
}

/** What is counted under this scope was too much to be told apart. */
export const overflowScope = '(overflow)'

const overflowRequires: readonly Scope[] = [[overflowScope]]
/** A credential asked about under more requirements than this within a minute: so far one list is searched. */
const rowsOfOneMax = 200
const scopeCharactersMax = 255
const idCharactersMax = 255

interface Cell extends UsageRow {
  readonly requires: readonly Scope[]
  count: number
  lastAt: Seconds
  /** Another cell of the same holder. */
  readonly next: Cell | undefined
}

/**
 * Counts in memory, of bounded size, for whoever takes the rows to report them: nothing is allocated for what was counted
 * before since then. Never an input to a decision.
 *
 * ```ts
 * const usage = new UsageCounter()
 * const engine = createEngine({ keeper, directory, limiter: memoryLimiter(), clock: systemClock(), usage })
 * const rows = usage.take()
 * ```
 */
export class UsageCounter implements UsagePort {
  readonly #room: UsageRoom
  readonly #onFirst: (() => void) | undefined
  #cells: Cell[] = []
  /**
   * The cells of a credential, or of all that its client has besides: the last of them, which knows the one before. By a
   * number, since `Map`s are slow with texts that are made anew for each request; holders that share one share a list.
   */
  readonly #byHolder = new Map<number, Cell>()
  #minuteAt = Number.NaN
  /** Rows that have room of their own: all but those that overflow. */
  #counted = 0

  constructor({ room = ownRoom(), onFirst }: UsageCounterOptions = {}) {
    this.#room = room
    this.#onFirst = onFirst
  }

  count(now: Seconds, credentialId: string, clientId: string, requires: readonly Scope[], outcome: OutcomeCode): void {
    const sinceMinute = now - this.#minuteAt
    if (!(sinceMinute >= 0 && sinceMinute < 60)) this.#turnMinute(now)
    const cell = this.#find(credentialId, clientId, requires, outcome)
    cell.count++
    cell.lastAt = now
  }

  /** All rows, which then count from nothing again. Two of them may be of one minute and kind when a clock was set back. */
  take(): readonly UsageRow[] {
    const cells = this.#cells
    this.#cells = []
    this.#room.give(this.#counted)
    this.#counted = 0
    this.#byHolder.clear()
    return cells
  }

  #turnMinute(now: Seconds): void {
    this.#minuteAt = now - (now % 60)
    this.#byHolder.clear()
  }

  #find(credentialId: string, clientId: string, requires: readonly Scope[], outcome: OutcomeCode): Cell {
    const holder = numberOf(credentialId === '' ? clientId : credentialId)
    const first = this.#byHolder.get(holder)
    let steps = 0
    for (let cell = first; cell !== undefined; cell = cell.next) {
      steps++
      const isOf = cell.credentialId === credentialId && cell.clientId === clientId
      if (isOf && cell.outcome === outcome && isSame(cell.requires, requires)) return cell
    }
    // As many rows as there are outcomes, for each minute: these need no limit.
    const isOverflow = requires === overflowRequires
    if (!isOverflow && steps >= rowsOfOneMax) return this.#find(credentialId, clientId, overflowRequires, outcome)
    if (!isPlain(credentialId) || !isPlain(clientId)) return this.#find('', '', requires, outcome)
    if (!isOverflow && !this.#room.take()) return this.#find('', '', overflowRequires, outcome)
    if (!isOverflow) this.#counted++
    const scope = scopeText(requires)
    const minuteAt = this.#minuteAt
    const cell = { credentialId, clientId, scope, outcome, minuteAt, requires, count: 0, lastAt: minuteAt, next: first }
    this.#byHolder.set(holder, cell)
    if (this.#cells.push(cell) === 1) this.#onFirst?.()
    return cell
  }
}

function ownRoom(): UsageRoom {
  const shares = new Shares(10_000)
  return { take: () => shares.take({}), give: (rows) => shares.give({}, rows) }
}

function numberOf(text: string): number {
  let number = 0
  for (let index = 0; index < text.length; index++) number = (Math.imul(number, 31) + text.charCodeAt(index)) | 0
  return number
}

/** An id that a client chose for its own JWT must not make the batch unreadable that it is in. */
function isPlain(id: string): boolean {
  return id.length <= idCharactersMax && id.isWellFormed() && !id.includes('\0')
}

/** What one verification came to, under whom it is known to be of. */
export function countOutcome(
  usage: UsagePort,
  now: Seconds,
  of: Pick<Established, 'credentialId' | 'clientId' | 'isListed'> | undefined,
  requires: readonly Scope[],
  outcome: Outcome,
): void {
  const code = outcome.outcome === 'rejected' ? outcome.rejection.code : outcome.outcome
  usage.count(now, countedId(of), of?.clientId ?? '', requires, code)
}

/** Tokens come and go: what is in no list would leave a row for every hour of every token, which nobody could ask for. */
export function countedId(of: Pick<Established, 'credentialId' | 'isListed'> | undefined): string {
  return of?.isListed === true ? of.credentialId : ''
}

function isSame(a: readonly Scope[], b: readonly Scope[]): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index++) {
    const left = a[index] as Scope
    const right = b[index] as Scope
    if (left.length !== right.length) return false
    for (let at = 0; at < left.length; at++) if (left[at] !== right[at]) return false
  }
  return true
}

/** Of lists that are used again, as a route's is, the text is made once. */
const texts = new WeakMap<readonly Scope[], string>()

function scopeText(requires: readonly Scope[]): string {
  const known = texts.get(requires)
  if (known !== undefined) return known
  const text = writeScope(requires)
  texts.set(requires, text)
  return text
}

function writeScope(requires: readonly Scope[]): string {
  const text = requires
    .map((scope) => scope.join(' '))
    .join(' | ')
    .toWellFormed()
    .replaceAll('\0', '')
  return text.length > scopeCharactersMax ? `${text.slice(0, scopeCharactersMax - 1)}…` : text
}
