import type { CredentialRecord, FeedEntry, LookupAnswer, PositionAnswer, PublicKeyRecord } from '@countersign/core'
import type { Directory, FeedSource, SnapshotStream } from '@countersign/verifier'
import { entriesAfter, isInLog, placeOf } from './history.ts'
import type { Server } from './server.ts'
import type { MachineClock, Random, Timeline } from './timeline.ts'

/** What one verifier's way to the servers does to its messages. */
export interface Link {
  drop: number
  duplicate: number
  delayMsMax: number
  /** What streams may wait in a buffer on the way. */
  streamDelayMsMax: number
  /** Cut one way: questions are lost, or answers. */
  isUpCut: boolean
  isDownCut: boolean
  isSlow: boolean
  /** Something on the way answers a question with the answer to an earlier one. */
  replay: number
  route: number
}

/** A caller gives up on an answer after this, as the HTTP client does. */
const timeoutMs = 5_000
const slowMsMax = 4_000

/** The ports of the verifier over a network that loses, delays, repeats and reorders. */
export function createPorts(options: {
  readonly servers: readonly Server[]
  readonly link: Link
  readonly clock: MachineClock
  readonly timeline: Timeline
  readonly random: Random
}): { readonly source: FeedSource; readonly directory: Directory } {
  const { servers, link, clock, timeline, random } = options
  const earlier: PositionAnswer[] = []

  function server(): Server {
    if (random.chance(0.1)) link.route = random.between(0, servers.length - 1)
    return servers[link.route % servers.length] as Server
  }

  function delayMs(): number {
    return random.between(1, link.isSlow ? slowMsMax : link.delayMsMax)
  }

  /** A machine in suspend hears when it wakes. */
  function deliver(run: () => void): void {
    if (clock.isSuspended) timeline.after(50, () => deliver(run))
    else run()
  }

  function call<T>(ask: (to: Server, reply: (answer: T) => void) => void, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const lost = new Error('nobody answered')
      const cancel = clock.schedule(timeoutMs, () => reject(lost))
      signal?.addEventListener('abort', () => reject(lost), { once: true })
      const reply = (answer: T): void => {
        if (link.isDownCut || random.chance(link.drop)) return
        timeline.after(delayMs(), () =>
          deliver(() => {
            cancel()
            resolve(answer)
          }),
        )
      }
      const send = (): void => {
        if (link.isUpCut || random.chance(link.drop)) return
        const to = server()
        timeline.after(delayMs(), () => ask(to, reply))
      }
      send()
      if (random.chance(link.duplicate)) timeline.after(random.between(1, link.delayMsMax * 4), send)
    })
  }

  const source: FeedSource = {
    snapshot: (signal) => call<SnapshotStream>((to, reply) => to.snapshot(reply), signal),
    async position(question, signal) {
      const answer = await call<PositionAnswer>((to, reply) => to.position(question, reply), signal)
      earlier.push(answer)
      return random.chance(link.replay) ? random.pick(earlier.slice(-4)) : answer
    },
    entries: (place, signal) => call((to, reply) => to.entries(place, reply), signal),
    // Its servers give no MACs, so that nothing is ever owed to them.
    handBack: () => Promise.reject(new Error('nobody answered')),
    stream: (place, onEntry, signal) =>
      new Promise((resolve) => {
        const to = server()
        let sent = place
        const flush = (): void => {
          if (link.isDownCut || !isInLog(to.view, sent)) return
          for (const entry of entriesAfter(to.view, sent.sequence)) push(entry)
          sent = placeOf(to.view)
          if (random.chance(0.1)) end()
        }
        const push = (entry: FeedEntry): void => {
          if (random.chance(link.drop)) return
          timeline.after(random.between(1, link.streamDelayMsMax), () =>
            deliver(() => signal.aborted || onEntry(entry)),
          )
          if (random.chance(link.duplicate)) push(entry)
        }
        const stop = to.onGrowth(flush)
        const end = (): void => {
          stop()
          resolve()
        }
        signal.addEventListener('abort', end, { once: true })
        if (!isInLog(to.view, place)) end()
        else flush()
      }),
  }

  async function lookUp<R>(asked: Parameters<Server['lookUp']>[0], place: Parameters<Server['lookUp']>[1]) {
    const answer = await call<LookupAnswer<R> | undefined>((to, reply) =>
      to.lookUp(asked, place, (found) => reply(found as LookupAnswer<R> | undefined)),
    )
    if (answer === undefined) throw new Error('the server is behind')
    return answer
  }

  return {
    source,
    directory: {
      credential: (digest, place) => lookUp<CredentialRecord>({ digest }, place),
      publicKey: (clientId, kid, place) => lookUp<PublicKeyRecord>({ clientId, kid }, place),
    },
  }
}
