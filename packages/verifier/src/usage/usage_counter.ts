import { type Address, alternativesText, type Established, type Scope, type Seconds, Shares } from '@countersign/core'
import type { Outcome, OutcomeCode } from '../outcome.ts'
import { type CountedOperation, OperationCounter, type OperationRow } from './operation_counter.ts'
import { type RefusalSample, RefusalSamples, type RefusedRequest } from './refusal_samples.ts'

/** The count of one credential, requirement and outcome in one minute. */
export interface UsageRow {
  /** Empty for unknown credentials and for tokens that are in no list, so that many of them share a few rows. */
  readonly credentialId: string
  /** The client that holds it; empty for unknown credentials. */
  readonly clientId: string
  /** The required scope: tokens joined by spaces, alternatives by ` | `; empty when nothing was required. */
  readonly scope: string
  /** The outcome that is counted. */
  readonly outcome: OutcomeCode
  /** The minute's start, in seconds. */
  readonly minuteAt: Seconds
  /** The number of verifications. */
  readonly count: number
  /** The time of the last one, in seconds. */
  readonly lastAt: Seconds
  /** The address that the last one came from; absent where the place does not know it. */
  readonly lastAddress?: Address | undefined
}

/** The scopes of which a request needs one: its alternatives. */
type Scopes = readonly Scope[]

/** The port in which the engine counts its decisions. It must neither wait nor throw. */
export interface UsagePort {
  /** Counts one verification. `keyId` is empty for what is in no list, `from` is where the request came from. */
  count(now: Seconds, keyId: string, clientId: string, requires: Scopes, outcome: OutcomeCode, from?: Address): void
  /** Counts the same verification by its operation. Default: that is not counted. */
  countOperation?(now: Seconds, audience: string, operation: CountedOperation, outcome: OutcomeCode): void
  /** Keeps a refusal as an example. Default: none are kept. */
  sample?(sample: RefusalSample): void
}

/**
 * Counts one verification, with what its route asked for in the end. `refused`: the request, where a later step refused it
 * for its scope.
 */
export type CountOnce = (requires: readonly Scope[], outcome: OutcomeCode, refused?: RefusedInTheEnd) => void

/** A refusal by a later step: the request, and the scope that it lacked. */
export interface RefusedInTheEnd {
  /** The request. */
  readonly request: RefusedRequest
  /** The scope tokens that it lacked. */
  readonly missingScope: Scope
}

/**
 * Room for the distinct rows that counters hold together until they are taken; further ones are counted by outcome
 * alone.
 */
export interface UsageRoom {
  /** Takes room for one more row; false when there is none. */
  take(): boolean
  /** Gives back the room of rows that were taken to be reported. */
  give(rows: number): void
}

/** The options of a counter. */
export interface UsageCounterOptions {
  /** Default: room of its own for 10,000 rows. */
  readonly room?: UsageRoom
  /** Called at the first count after rows were taken: there is something to report. */
  readonly onFirst?: () => void
}

/** The scope of counts that were too many to be told apart. */
export const overflowScope = '(overflow)'

const overflowRequires: readonly Scope[] = [[overflowScope]]
/**
 * The longest list of rows that is searched for one credential: further requirements within the minute count as
 * overflow.
 */
const rowsOfOneMax = 200
const scopeCharactersMax = 255
const idCharactersMax = 255

interface Cell extends UsageRow {
  readonly requires: readonly Scope[]
  count: number
  lastAt: Seconds
  lastAddress: Address | undefined
  /** Another cell of the same holder. */
  readonly next: Cell | undefined
}

/**
 * Counts in memory of bounded size, until the rows are taken to be reported. Counting again in a row allocates nothing.
 * Never an input to a decision.
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
  readonly #samples = new RefusalSamples()
  readonly #operations: OperationCounter
  #cells: Cell[] = []
  /**
   * The last cell of a credential, or of all its client's unlisted tokens; each cell links to the one before. The key
   * is a number, since `Map`s are slow with strings made anew for each request; holders with the same number share a
   * list.
   */
  readonly #byHolder = new Map<number, Cell>()
  #minuteAt = Number.NaN
  /** The number of rows that took room: all but those that overflow. */
  #counted = 0

  constructor({ room = ownRoom(), onFirst }: UsageCounterOptions = {}) {
    this.#room = room
    this.#onFirst = onFirst
    this.#operations = new OperationCounter(() => room.take())
  }

  /** See `UsagePort.count`. */
  count(now: Seconds, keyId: string, clientId: string, requires: Scopes, outcome: OutcomeCode, from?: Address): void {
    const sinceMinute = now - this.#minuteAt
    if (!(sinceMinute >= 0 && sinceMinute < 60)) this.#turnMinute(now)
    const cell = this.#find(keyId, clientId, requires, outcome)
    cell.count++
    cell.lastAt = now
    cell.lastAddress = from
  }

  /** See `UsagePort.countOperation`. The verification itself was counted, so that there is something to report. */
  countOperation(now: Seconds, audience: string, operation: CountedOperation, outcome: OutcomeCode): void {
    this.#operations.count(now, audience, operation, outcome)
  }

  /** Takes all rows by operation and begins anew. */
  takeOperations(): readonly OperationRow[] {
    const rows = this.#operations.take()
    this.#room.give(rows.length)
    return rows
  }

  /** See `UsagePort.sample`. The refusal itself was counted, so that there is something to report. */
  sample(sample: RefusalSample): void {
    const { credentialId, clientId, requestId, method = '', route = '', address = '' } = sample
    if ([credentialId, clientId, requestId, method, route, address].every(isPlain)) this.#samples.note(sample)
  }

  /** Takes as many of the refusals as one batch has, and forgets the rest. */
  takeSamples(): readonly RefusalSample[] {
    return this.#samples.take()
  }

  /** Takes all rows and begins anew. Two rows may be of one minute and kind after a clock was set back. */
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
    // Overflow has one row for each outcome and minute, so it needs no limit.
    const isOverflow = requires === overflowRequires
    if (!isOverflow && steps >= rowsOfOneMax) return this.#find(credentialId, clientId, overflowRequires, outcome)
    if (!isPlain(credentialId) || !isPlain(clientId)) return this.#find('', '', requires, outcome)
    if (!isOverflow && !this.#room.take()) return this.#find('', '', overflowRequires, outcome)
    if (!isOverflow) this.#counted++
    const scope = scopeText(requires)
    const minuteAt = this.#minuteAt
    const cell = {
      credentialId,
      clientId,
      scope,
      outcome,
      minuteAt,
      requires,
      count: 0,
      lastAt: minuteAt,
      lastAddress: undefined,
      next: first,
    }
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

/** Whether an id may be reported. A client chooses the ids of its own JWTs, and none may make a batch unreadable. */
function isPlain(id: string): boolean {
  return id.length <= idCharactersMax && id.isWellFormed() && !id.includes('\0')
}

/** Counts the outcome of one verification under the credential and client it is known to be of. */
export function countOutcome(
  usage: UsagePort,
  now: Seconds,
  of: Pick<Established, 'credentialId' | 'clientId' | 'isListed'> | undefined,
  requires: readonly Scope[],
  outcome: Outcome,
  address: Address | undefined,
): void {
  usage.count(now, countedId(of), of?.clientId ?? '', requires, codeOf(outcome), address)
}

/** The code that an outcome is counted under. */
export function codeOf(outcome: Outcome): OutcomeCode {
  return outcome.outcome === 'rejected' ? outcome.rejection.code : outcome.outcome
}

/** Keeps a refusal as an example, under the credential and client that it is known to be of. */
export function sampleRefusal(
  usage: UsagePort,
  at: Seconds,
  of: Pick<Established, 'credentialId' | 'clientId' | 'isListed'> | undefined,
  { request, requires, code, missingScope }: RefusedInTheEnd & { requires: readonly Scope[]; code: OutcomeCode },
): void {
  usage.sample?.({
    ...request,
    at,
    credentialId: countedId(of),
    clientId: of?.clientId ?? '',
    code,
    missingScope: missingScope.join(' '),
    scope: scopeText(requires),
  })
}

/** The id to count under; empty for unlisted tokens, which would leave rows that nobody could ask for. */
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

/** The texts of lists that are used again, as a route's is: each is made once. */
const texts = new WeakMap<readonly Scope[], string>()

export function scopeText(requires: readonly Scope[]): string {
  const known = texts.get(requires)
  if (known !== undefined) return known
  const text = writeScope(requires)
  texts.set(requires, text)
  return text
}

function writeScope(requires: readonly Scope[]): string {
  const text = alternativesText(requires).toWellFormed().replaceAll('\0', '')
  return text.length > scopeCharactersMax ? `${text.slice(0, scopeCharactersMax - 1)}…` : text
}
