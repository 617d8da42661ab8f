/** One way of verifying in this process, made to prove that it refuses, then measured turn by turn. */
import { cpuMicros, type Started, type Turn, type TurnLimits } from '../answering.ts'

export interface Subject {
  /** Whether it holds. Throwing or rejecting is no for the credentials that must be refused, and ends a measurement. */
  readonly judge: (credential: string) => boolean | Promise<boolean>
  readonly credentials: readonly string[]
  readonly refused: readonly string[]
  /** Each credential may be judged once: what is measured is the first time. */
  readonly once?: true
}

/** Calls under way at a time where they are promises: enough for the threads behind WebCrypto. */
const underWay = 16

export async function startTurns(subject: Subject): Promise<Started> {
  for (const credential of subject.refused) {
    const isAccepted = await Promise.resolve(credential)
      .then(subject.judge)
      .catch(() => false)
    if (isAccepted) throw new Error('a credential that does not hold was accepted')
  }
  const next = takerOf(subject)
  const judged = subject.judge(next())
  if (!(await judged)) throw new Error('the credential of the run was refused')
  const work = judged instanceof Promise ? workAsync : workSync
  return {
    told: null,
    turn: async (limits) => {
      const [cpuBefore, beganAt] = [cpuMicros(), performance.now()]
      const calls = await work(subject, next, limits)
      return { calls, ms: performance.now() - beganAt, cpuMicros: cpuMicros() - cpuBefore } satisfies Turn
    },
  }
}

/**
 * A string of its own for each call, as a request brings it: one string asked about again and again would have its hash
 * kept by the engine, and no cache would have to read it.
 */
function takerOf({ credentials, once }: Subject): () => string {
  const bytes = credentials.map((credential) => Buffer.from(credential, 'latin1'))
  let index = 0
  return () => {
    const credential = bytes[once ? index : index % bytes.length]
    if (credential === undefined) throw new Error('every credential has been used')
    index++
    return credential.toString('latin1')
  }
}

function workSync({ judge }: Subject, next: () => string, { ms, callsMax = Infinity }: TurnLimits): number {
  const end = performance.now() + ms
  let calls = 0
  while (calls < callsMax && performance.now() < end) {
    for (let round = 0; round < 64; round++) if (judge(next()) !== true) throw new Error('refused')
    calls += 64
  }
  return calls
}

async function workAsync(
  { judge }: Subject,
  next: () => string,
  { ms, callsMax = Infinity }: TurnLimits,
): Promise<number> {
  const end = performance.now() + ms
  let calls = 0
  const worker = async (): Promise<void> => {
    while (calls < callsMax && performance.now() < end) {
      calls++
      if (!(await judge(next()))) throw new Error('refused')
    }
  }
  await Promise.all(Array.from({ length: underWay }, worker))
  return calls
}

/** Every verifier is told which of these to be. */
export type Case = 'warm_jwt' | 'cold_jwt' | 'warm_key'
