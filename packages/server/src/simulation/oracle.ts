import type { ClientState, StateByType } from '@countersign/core'
import type { StatusBook } from '@countersign/verifier/engine'
import { apiId, type Dependency, type ModelCredential, startAt } from './credentials.ts'
import { dropSecondsOf, type State } from './database.ts'

/** Right clocks of servers disagree by no more than this, both ways together, with what an answer takes. */
const clockToleranceSeconds = 8

type AnyState = StateByType[Dependency['type']]

export interface Said {
  readonly state: AnyState | undefined
  /** When the acknowledgement left the server; undefined while it has not. */
  ackedAt: number | undefined
}

/** The revocations that a verifier knew when the database was replaced by an older copy. It must not forget them. */
export interface Memory {
  readonly revoked: Set<string>
  /** The cut-off of each client: older tokens stay refused. */
  readonly cutOffs: Map<string, number>
  /** The sequence of each as it was said, by client and kind: what it hands back. */
  readonly recorded: Map<string, number>
}

export function emptyMemory(): Memory {
  return { revoked: new Set(), cutOffs: new Map(), recorded: new Map() }
}

/** The part of a state that `saidIn` reads. */
const judged = ['statusEntries', 'tenants', 'apis', 'clients', 'jwks', 'keys', 'tokens', 'signingKeys'] as const

/** Knows the truth, and when everybody must know it: T + maxStaleness, the bound of docs/protocol/feed.md. */
export class Oracle {
  /** The farthest that any server's clock was behind until now: ends are judged by the servers' clocks. */
  clocksBehindSeconds = 0
  readonly #said = new Map<string, Said[]>()

  /** A change was committed: what is different from now on. Acknowledge it with what this gives. */
  commit(dependencies: Iterable<Dependency>, before: State, after: State): readonly Said[] {
    const changes: Said[] = []
    // Beats, leases and rounds of clean-up change nothing of what is asked for here.
    if (judged.every((table) => before[table] === after[table])) return changes
    for (const dependency of dependencies) {
      const [was, is] = [saidIn(before, dependency), saidIn(after, dependency)]
      if (JSON.stringify(was) === JSON.stringify(is)) continue
      const name = nameOf(dependency)
      const list = this.#said.get(name) ?? [{ state: was, ackedAt: 0 }]
      this.#said.set(name, list)
      const said: Said = { state: is, ackedAt: undefined }
      list.push(said)
      changes.push(said)
    }
    return changes
  }

  /** Why an acceptance at `now` breaks the bound, or undefined. */
  findBreach(
    credential: ModelCredential,
    needed: string,
    now: number,
    verifier: { readonly maxStalenessMs: number; readonly memory: Memory },
  ): string | undefined {
    if (credential.isForged) return 'it was never issued'
    const serverNow = startAt + now / 1000 - clockToleranceSeconds - this.clocksBehindSeconds
    if (serverNow >= credential.endsAt) return 'its signed end is past'
    for (const dependency of dependenciesOf(credential)) {
      const name = nameOf(dependency)
      if (verifier.memory.revoked.has(name)) return `${name} was known to be revoked before the database went back`
      if ((credential.position ?? Number.POSITIVE_INFINITY) < (verifier.memory.cutOffs.get(name) ?? 0)) {
        return `${name} was known to be cut off before the database went back`
      }
      const list = this.#said.get(name) ?? []
      // A state may be spoken from while the one after it is not acknowledged, or was within the bound.
      const isOver = ({ ackedAt }: Said): boolean => ackedAt !== undefined && now > ackedAt + verifier.maxStalenessMs
      const mayBe = list.slice(Math.max(0, list.findLastIndex(isOver)))
      if (list.length > 0 && !mayBe.some(({ state }) => allows(dependency, state, credential, needed, serverNow))) {
        return `${name} has not allowed it since ${list.at(-1)?.ackedAt} ms`
      }
    }
    return undefined
  }

  /** The revocations that a book knows and an older copy of the database will not. */
  remember(book: StatusBook, dependencies: Iterable<Dependency>, memory: Memory): void {
    for (const dependency of dependencies) {
      const { tenant, type, id } = dependency
      if (tenant !== book.tenant) continue
      const name = nameOf(dependency)
      if (book.isRevoked(type, id)) memory.revoked.add(name)
      if (type !== 'client') continue
      const { cutOff = 0, cutOffs = {} } = book.state('client', id) ?? {}
      raise(memory.cutOffs, name, cutOff)
      for (const [what, { sequence }] of Object.entries(cutOffs)) raise(memory.recorded, `${name} ${what}`, sequence)
    }
  }
}

function raise(numbers: Map<string, number>, name: string, to: number): void {
  if (to > (numbers.get(name) ?? 0)) numbers.set(name, to)
}

/**
 * Whether a credential is good by the database now, with nothing in the air, for a verifier that may have heard of `dropTime`.
 * `undefined`: within the tolerance of clocks, either will do.
 */
export function isTrue(
  credential: ModelCredential,
  needed: string,
  nowMs: number,
  { state, dropTime }: { readonly state: State; readonly dropTime: number },
): boolean | undefined {
  if (credential.isForged) return false
  const serverNow = startAt + nowMs / 1000
  const isAllowedAt = (at: number): boolean =>
    dependenciesOf(credential).every((dependency) =>
      allows(dependency, saidIn(state, dependency), credential, needed, at),
    )
  const isEarly = isAllowedAt(serverNow - clockToleranceSeconds)
  if (!isEarly || serverNow - clockToleranceSeconds >= credential.endsAt) return false
  // A credential that ended by the drop time is refused, and a drop time that was ahead may be ahead of the truth.
  const isDroppable =
    credential.own.type !== 'key' &&
    credential.endsAt <= Math.max(dropSecondsOf(state), dropTime) + clockToleranceSeconds
  const isLate = isAllowedAt(serverNow + clockToleranceSeconds)
  return isLate && serverNow + clockToleranceSeconds < credential.endsAt && !isDroppable ? true : undefined
}

export function nameOf({ tenant, type, id }: Dependency): string {
  return `${tenant} ${type} ${id}`
}

export function dependenciesOf({ own, clientId, ancestors, signedBy }: ModelCredential): readonly Dependency[] {
  const { tenant } = own
  return [
    { tenant, type: 'tenant', id: tenant },
    { tenant, type: 'api', id: apiId },
    { tenant, type: 'client', id: clientId },
    own,
    ...ancestors.map(({ type, id }) => ({ tenant, type, id }) as Dependency),
    ...(signedBy === undefined ? [] : [signedBy]),
  ]
}

/** The last word of a database state about an object: its row, or the entry that is kept where there is no row. */
export function saidIn(state: State, { tenant, type, id }: Dependency): AnyState | undefined {
  const name = `${tenant} ${id}`
  const entry = state.statusEntries.get(`${tenant} ${type} ${id}`)?.state as AnyState | undefined
  if (entry?.status === 'revoked') return revoked
  switch (type) {
    case 'tenant':
      return pick(state.tenants.get(id), 'status')
    case 'api':
      return pick(state.apis.get(name), 'status')
    case 'client':
      return pick(state.clients.get(name), 'status', 'access', 'cutOff') ?? revoked
    case 'key':
      return pick(state.keys.get(name), 'status', 'scope', 'expiresAt') ?? revoked
    case 'opaque_token':
      return pick(state.tokens.get(name), 'status', 'scope', 'expiresAt') ?? revoked
    case 'signing_key':
      return pick(state.signingKeys.get(name), 'status')
    case 'public_key':
      return [...state.jwks.values()].some((row) => row.tenant === tenant && id.endsWith(row.thumbprint))
        ? undefined
        : revoked
    case 'token':
    case 'client_token':
      return entry
  }
}

const revoked = { status: 'revoked' } as AnyState

function pick(row: object | undefined, ...members: readonly string[]): AnyState | undefined {
  if (row === undefined) return undefined
  const values = members.map((member) => [member, (row as Record<string, unknown>)[member]] as const)
  return Object.fromEntries(values.filter(([, value]) => value !== undefined)) as unknown as AnyState
}

function allows(
  dependency: Dependency,
  state: AnyState | undefined,
  credential: ModelCredential,
  needed: string,
  serverNow: number,
): boolean {
  if (state === undefined) return true
  if (state.status !== 'active') return false
  if (dependency.type === 'client') {
    const { access, cutOff } = state as ClientState
    if (credential.position !== undefined && credential.position < cutOff) return false
    return (access[apiId] ?? '').split(' ').includes(needed)
  }
  if ('expiresAt' in state && state.expiresAt !== undefined && serverNow >= state.expiresAt) return false
  return !('scope' in state) || state.scope === undefined || state.scope.split(' ').includes(needed)
}
