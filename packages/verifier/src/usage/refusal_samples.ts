import type { Seconds } from '@countersign/core'

/** The request that a credential was refused for, as whoever asks can name it. It holds no credential, no query and no body. */
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

/** One refusal, for whoever holds the credential. */
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
export const samplesInBatch = 20

/** Credentials and codes that are told apart until the samples are taken. Further ones are left out. */
const groupsMax = 200
/** Samples of each: the latest. */
const ofGroupMax = 4

/**
 * A few of the refusals since the last take, spread over credentials and codes, so that one caller in a loop hides nobody
 * else's. Of bounded size, and never an input to a decision.
 */
export class RefusalSamples {
  #groups = new Map<string, RefusalSample[]>()

  /** Whether there is none. */
  get isEmpty(): boolean {
    return this.#groups.size === 0
  }

  /** Keeps one, perhaps in place of an earlier one of the same credential and code. */
  note(sample: RefusalSample): void {
    const name = `${sample.code} ${sample.credentialId === '' ? sample.clientId : sample.credentialId}`
    const group = this.#groups.get(name)
    if (group === undefined) {
      if (this.#groups.size < groupsMax) this.#groups.set(name, [sample])
      return
    }
    if (group.length >= ofGroupMax) group.shift()
    group.push(sample)
  }

  /** Takes the latest of each group, then the ones before, up to `countMax`. The rest is forgotten. */
  take(countMax: number = samplesInBatch): readonly RefusalSample[] {
    const groups = [...this.#groups.values()]
    this.#groups = new Map()
    const taken: RefusalSample[] = []
    for (let round = 0; round < ofGroupMax; round++) {
      for (const group of groups) {
        const sample = group.pop()
        if (sample !== undefined && taken.push(sample) >= countMax) return taken
      }
    }
    return taken
  }
}
