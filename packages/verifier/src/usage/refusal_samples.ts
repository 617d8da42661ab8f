import type { Seconds } from '@countersign/core'

/** The request that a credential was refused for, as the asker can name it. It holds no credential, no query and no body. */
export interface RefusedRequest {
  /** The id that the answer has. */
  readonly requestId: string
  /** Its HTTP method. */
  readonly method?: string | undefined
  /** The path of its operation as a template; absent where none is known. */
  readonly route?: string | undefined
  /** The address that it came from. */
  readonly address?: string | undefined
}

/** One refusal, for the holder of the credential. */
export interface RefusalSample extends RefusedRequest {
  /** When, in seconds. */
  readonly at: Seconds
  /** As in `UsageRow`. */
  readonly credentialId: string
  /** As in `UsageRow`. */
  readonly clientId: string
  /** Why. */
  readonly code: string
  /** The scope tokens that it lacked, with spaces between them; empty where it was refused for something else. */
  readonly missingScope: string
  /** The required scope, as in `UsageRow`. */
  readonly scope: string
}

/** The samples in one batch of usage. */
const samplesInBatch = 20

/** Credentials and codes that are told apart until the samples are taken, of all clients. */
const groupsMax = 200
/** Samples of each: the latest. */
const ofGroupMax = 4

interface OfClient {
  /** The number of its refusals since the last take. */
  refusals: number
  /** Its samples, by code and credential. */
  readonly groups: Map<string, RefusalSample[]>
}

/**
 * A few of the refusals since the last take, spread over clients, and within a client over credentials and codes. So one caller
 * in a loop hides nobody else's, however many credentials it has. Of bounded size, and never an input to a decision.
 */
export class RefusalSamples {
  #clients = new Map<string, OfClient>()
  #groups = 0

  /** Whether there is none. */
  get isEmpty(): boolean {
    return this.#groups === 0
  }

  /** Keeps one, perhaps in place of an earlier one. */
  note(sample: RefusalSample): void {
    const { clientId, credentialId, code } = sample
    const client = this.#clients.get(clientId) ?? { refusals: 0, groups: new Map() }
    client.refusals++
    const name = `${code} ${credentialId}`
    const group = client.groups.get(name)
    if (group !== undefined) {
      if (group.length >= ofGroupMax) group.shift()
      group.push(sample)
      return
    }
    if (this.#groups >= groupsMax && !this.#makeRoom(client)) return
    this.#clients.set(clientId, client)
    client.groups.set(name, [sample])
    this.#groups++
  }

  /** Takes a group from the client that has the most; false when that would be this one. */
  #makeRoom(client: OfClient): boolean {
    // With an even share or more, no search is needed: a flood of one client's credentials stays cheap.
    if (client.groups.size * this.#clients.size >= groupsMax) return false
    const all = [...this.#clients.values()]
    const most = all.reduce((one, other) => (other.groups.size > one.groups.size ? other : one))
    const [oldest] = most.groups.keys()
    if (oldest === undefined || most.groups.size <= client.groups.size + 1) return false
    most.groups.delete(oldest)
    this.#groups--
    return true
  }

  /**
   * Takes up to `countMax`, of each client in turns, the one with the fewest refusals first; of each client the latest of each
   * credential and code before any second. The rest is forgotten.
   */
  take(countMax: number = samplesInBatch): readonly RefusalSample[] {
    const clients = [...this.#clients.values()].sort((a, b) => a.refusals - b.refusals)
    this.#clients = new Map()
    this.#groups = 0
    const ofEach = clients.map(({ groups }) =>
      takeInTurns(
        [...groups.values()].map((group) => group.reverse()),
        countMax,
      ),
    )
    return takeInTurns(ofEach, countMax)
  }
}

/** The first of each list, then the second of each, and so on, up to `countMax`. */
export function takeInTurns<T>(lists: readonly (readonly T[])[], countMax: number): readonly T[] {
  const taken: T[] = []
  let left = lists
  for (let turn = 0; left.length > 0 && taken.length < countMax; turn++) {
    left = left.filter(({ length }) => length > turn)
    for (const list of left) if (taken.length < countMax) taken.push(list[turn] as T)
  }
  return taken
}
