import type {
  CredentialRecord,
  FeedEntry,
  LookupAnswer,
  Place,
  PositionAnswer,
  PublicKeyRecord,
} from '@countersign/core'
import type { Directory, FeedSource } from '@countersign/verifier/engine'
import type { ServerProcess } from './process.ts'
import type { MachineClock, Random, Timeline } from './timeline.ts'

/** The faults of one verifier's way to the servers. */
export interface Link {
  drop: number
  duplicate: number
  delayMsMax: number
  /** How long streamed entries may wait in a buffer on the way. */
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
  readonly servers: readonly ServerProcess[]
  readonly tenant: { readonly id: string; readonly issuer: string }
  readonly link: Link
  readonly clock: MachineClock
  readonly timeline: Timeline
  readonly random: Random
  /** A server has answered that it took something back. */
  readonly onTaken: (by: ServerProcess) => void
}): { readonly source: FeedSource; readonly directory: Directory } {
  const { servers, link, clock, timeline, random } = options
  const tenant = options.tenant.id
  const earlier: PositionAnswer[] = []

  function server(): ServerProcess {
    if (random.chance(0.1)) link.route = random.between(0, servers.length - 1)
    return servers[link.route % servers.length] as ServerProcess
  }

  function delayMs(): number {
    return random.between(1, link.isSlow ? slowMsMax : link.delayMsMax)
  }

  /** A machine in suspend hears when it wakes. */
  function deliver(run: () => void): void {
    if (clock.isSuspended) timeline.after(50, () => deliver(run))
    else run()
  }

  function call<T>(ask: (to: ServerProcess) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const lost = new Error('nobody answered')
      const cancel = clock.schedule(timeoutMs, () => reject(lost))
      signal?.addEventListener('abort', () => reject(lost), { once: true })
      const answered = (settle: () => void): void => {
        if (link.isDownCut || random.chance(link.drop)) return
        timeline.after(delayMs(), () =>
          deliver(() => {
            cancel()
            settle()
          }),
        )
      }
      const send = (): void => {
        if (link.isUpCut || random.chance(link.drop)) return
        const to = server()
        timeline.after(delayMs(), () => {
          ask(to).then(
            (answer) => answered(() => resolve(answer)),
            () => answered(() => reject(lost)),
          )
        })
      }
      send()
      if (random.chance(link.duplicate)) timeline.after(random.between(1, link.delayMsMax * 4), send)
    })
  }

  const source: FeedSource = {
    snapshot: (signal) => call((to) => to.snapshot(options.tenant), signal),
    async position(question, signal) {
      const answer = await call((to) => to.position(tenant, question), signal)
      earlier.push(answer)
      return random.chance(link.replay) ? random.pick(earlier.slice(-4)) : answer
    },
    entries: (place, signal) => call((to) => to.entries(tenant, place), signal),
    handBack: (question, signal) =>
      call(async (to) => {
        const answer = await to.handBack(tenant, question)
        options.onTaken(to)
        return answer
      }, signal),
    stream: (place, onEntry, signal) => stream(server(), place, onEntry, signal),
  }

  /** Passes on the entries that the server's book applies. The follower asks for any that are missing before them. */
  function stream(
    to: ServerProcess,
    place: Place,
    onEntry: (entry: FeedEntry) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { running } = to
    if (running === undefined || to.isDown) return Promise.resolve()
    const { books, macs, seals } = running
    return new Promise((resolve) => {
      const push = (entry: FeedEntry): void => {
        if (link.isDownCut || random.chance(link.drop)) return
        timeline.after(random.between(1, link.streamDelayMsMax), () => deliver(() => signal.aborted || onEntry(entry)))
        if (random.chance(link.duplicate)) push(entry)
      }
      const pushAll = (entries: readonly FeedEntry[]): void => {
        const marked = entries.map((entry) => macs.mark(tenant, entry))
        for (const entry of seals.sealLast(tenant, books.epoch(), marked)) push(entry)
        if (random.chance(0.1)) end()
      }
      const stops = [books.subscribe(tenant, (entry) => pushAll([entry])), books.onReload(() => end())]
      const end = (): void => {
        for (const stop of stops) stop()
        resolve()
      }
      signal.addEventListener('abort', end, { once: true })
      to.entries(tenant, place).then(
        (answer) => (answer === 'reload' ? end() : answer.entries.forEach(push)),
        () => end(),
      )
    })
  }

  function lookUp<R>(asked: Parameters<ServerProcess['lookUp']>[1], place: Place): Promise<LookupAnswer<R>> {
    return call((to) => to.lookUp(tenant, asked, place) as Promise<unknown> as Promise<LookupAnswer<R>>)
  }

  return {
    source,
    directory: {
      credential: (digest, place) => lookUp<CredentialRecord>({ digest }, place),
      publicKey: (clientId, kid, place) => lookUp<PublicKeyRecord>({ clientId, kid }, place),
      // Its verifiers do not ask for the metadata of clients.
      client: () => Promise.reject(new Error('not modelled')),
    },
  }
}
