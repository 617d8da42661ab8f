import type { ClientState, StateByType } from '@countersign/core'
import type { StatusBook } from '@countersign/verifier'
import { apiId, type Dependency, type ModelCredential, startAt, tenant } from './credentials.ts'

/** Servers' clocks disagree by no more than this, both ways together, with what an answer takes. */
const clockToleranceSeconds = 8

type AnyState = StateByType[Dependency['type']]

interface Said {
  readonly state: AnyState | undefined
  /** For a client: tokens of a lower `cs_pos` are revoked, whatever the state calls it. */
  readonly cutOffSequence: number
  /** When the acknowledgement left the server; undefined while it has not. */
  ackedAt: number | undefined
}

/** What a verifier knew to be revoked when the database was replaced by an older copy: it must not forget it. */
export interface Memory {
  readonly revoked: Set<string>
  readonly cutOff: Set<string>
}

/** Knows the truth, and when everybody must know it: T + maxStaleness, the bound of feed.md. */
export class Oracle {
  readonly #said = new Map<string, Said[]>()

  /** A change was committed. Acknowledge it with what this gives. */
  commit(dependency: Dependency, state: AnyState | undefined, cutOffSequence: number): Said {
    const name = nameOf(dependency)
    const list = this.#said.get(name) ?? [{ state: undefined, cutOffSequence: 0, ackedAt: 0 }]
    this.#said.set(name, list)
    const said: Said = { state, cutOffSequence, ackedAt: undefined }
    list.push(said)
    return said
  }

  latest(dependency: Dependency): Said | undefined {
    return this.#said.get(nameOf(dependency))?.at(-1)
  }

  get dependencies(): readonly string[] {
    return [...this.#said.keys()]
  }

  /** Why an acceptance at `now` breaks the bound, or undefined. */
  findBreach(
    credential: ModelCredential,
    needed: string,
    now: number,
    verifier: { readonly maxStalenessMs: number; readonly memory: Memory },
  ): string | undefined {
    if (credential.isForged) return 'it was never issued'
    const serverNow = startAt + now / 1000 - clockToleranceSeconds
    if (serverNow >= credential.endsAt) return 'its signed end is past'
    for (const dependency of dependenciesOf(credential)) {
      const name = nameOf(dependency)
      if (verifier.memory.revoked.has(name)) return `${name} was known to be revoked before the restore`
      if (verifier.memory.cutOff.has(name) && credential.position !== undefined) {
        return `${name} was known to be cut off before the restore`
      }
      const list = this.#said.get(name) ?? []
      // A state may be spoken from while the one after it is not acknowledged, or was within the bound.
      const mayBe = list.filter((_, index) => {
        const ackedAt = list[index + 1]?.ackedAt
        return ackedAt === undefined || now <= ackedAt + verifier.maxStalenessMs
      })
      if (list.length > 0 && !mayBe.some((said) => allows(dependency, said, credential, needed, serverNow))) {
        return `${name} has not allowed it since ${list.at(-1)?.ackedAt} ms`
      }
    }
    return undefined
  }

  /** What is true now, with nothing in the air. `undefined`: within the tolerance of clocks, either will do. */
  isTrue(credential: ModelCredential, needed: string, now: number): boolean | undefined {
    if (credential.isForged) return false
    const serverNow = startAt + now / 1000
    const isAt = (seconds: number): boolean =>
      [serverNow - clockToleranceSeconds, serverNow + clockToleranceSeconds].every((at) =>
        dependenciesOf(credential).every((dependency) => {
          const said = this.latest(dependency)
          return said === undefined || allows(dependency, said, credential, needed, at)
        }),
      ) && serverNow + seconds < credential.endsAt
    if (isAt(clockToleranceSeconds)) return true
    const isSurelyNot =
      serverNow - clockToleranceSeconds >= credential.endsAt ||
      !dependenciesOf(credential).every((dependency) => {
        const said = this.latest(dependency)
        return said === undefined || allows(dependency, said, credential, needed, serverNow - clockToleranceSeconds)
      })
    return isSurelyNot ? false : undefined
  }

  /** What a book knows that an older copy of the database will not. */
  remember(book: StatusBook, memory: Memory): void {
    for (const name of this.#said.keys()) {
      const [type, id] = [name.slice(0, name.indexOf(' ')) as Dependency['type'], name.slice(name.indexOf(' ') + 1)]
      if (book.isRevoked(type, id)) memory.revoked.add(name)
      if (type === 'client' && (book.state('client', id)?.cutOff ?? 0) > 0) memory.cutOff.add(name)
    }
  }
}

export function nameOf({ type, id }: Dependency): string {
  return `${type} ${id}`
}

export function dependenciesOf(credential: ModelCredential): readonly Dependency[] {
  return [
    { type: 'tenant', id: tenant },
    { type: 'api', id: apiId },
    { type: 'client', id: credential.clientId },
    credential.own,
    ...(credential.ancestors as readonly Dependency[]),
    ...(credential.signedBy === undefined ? [] : [credential.signedBy]),
  ]
}

function allows(
  dependency: Dependency,
  { state, cutOffSequence }: Said,
  credential: ModelCredential,
  needed: string,
  serverNow: number,
): boolean {
  if (state === undefined) return true
  if (state.status !== 'active') return false
  if (dependency.type === 'client') {
    if (credential.position !== undefined && credential.position < cutOffSequence) return false
    return ((state as ClientState).access[apiId] ?? '').split(' ').includes(needed)
  }
  if ('expiresAt' in state && state.expiresAt !== undefined && serverNow >= state.expiresAt) return false
  return !('scope' in state) || state.scope === undefined || state.scope.split(' ').includes(needed)
}
