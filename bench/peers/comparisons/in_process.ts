/** Verifying in the API's own process: the SDK beside JWT libraries, and beside an API-key plugin. */
import {
  type Comparison,
  figuresOf,
  type Measured,
  type Pace,
  ratioOf,
  type SystemFigures,
  takeTurns,
} from '../comparison.ts'
import type { Fixture } from '../fixture.ts'
import { startSystem } from '../system_process.ts'
import type { Context } from './context.ts'

interface Verifier {
  readonly name: string
  readonly limit: string
  readonly script: string
  readonly parameter: object
}

const signature = 'bare crypto.verify (ES256)'
const digest = 'bare crypto.hash (SHA-256) and a Set'
const names = {
  warmJwt: 'Countersign SDK, JWT seen before',
  cached: 'fast-jwt, cached',
  cachedByText: 'fast-jwt, cached by the text itself',
  coldJwt: 'Countersign SDK, JWT not seen before',
  key: 'Countersign SDK, API key seen before',
  memory: 'better-auth, memory adapter',
  secondary: 'better-auth, secondary storage in a Map',
} as const

/** The first turns of each are not counted: they compile its code. */
const warmUpTurns = 3

/** No turn may use more: the JWTs of a run are finite, and each may be seen once. */
const coldCallsMax = 1_024

/** How many JWTs a run needs: one to begin with besides. */
export function coldJwts({ turns }: Pace): number {
  return (turns + warmUpTurns) * coldCallsMax + 1
}

export async function compareInProcess({ server, pace }: Context): Promise<readonly Comparison[]> {
  const jwts = await measure(jwtVerifiers(server.told), pace)
  const keys = await measure(keyVerifiers(server.told), pace)
  const secondary = ratioOf(keys, names.key, names.secondary)
  const possible = ratioOf(keys, digest, names.secondary)
  return [
    {
      title: 'Verifying a JWT in process (ES256; issuer, audience, end)',
      systems: jwts,
      notes: [
        'jose and jsonwebtoken keep nothing between calls: for them a JWT seen before costs the same.',
        'jose’s work is done by other threads, 16 calls at a time: it may use every core, the others use one.',
      ],
      goals: [
        {
          name: 'a JWT seen before, of fast-jwt’s cached verifier',
          unit: '×',
          value: ratioOf(jwts, names.warmJwt, names.cached),
          atLeast: 1.2,
        },
      ],
    },
    {
      title: 'Verifying an API key in process',
      systems: keys,
      notes: [
        `Of its secondary storage in a Map, the fastest it has, ours is ${secondary.toFixed(0)} × and the bare limit ${possible.toFixed(0)} ×: 200 × are beyond whoever hashes the key.`,
      ],
      goals: [
        {
          name: 'an API key, of better-auth’s with its database in memory',
          unit: '×',
          value: ratioOf(keys, names.key, names.memory),
          atLeast: 200,
        },
      ],
    },
  ]
}

function jwtVerifiers(fixture: Fixture): readonly Verifier[] {
  const limit = signature
  return [
    { name: names.warmJwt, limit, script: 'countersign', parameter: { fixture, of: 'warm_jwt' } },
    { name: names.cached, limit, script: 'fast_jwt', parameter: { fixture, of: 'warm_jwt' } },
    { name: names.cachedByText, limit, script: 'fast_jwt', parameter: { fixture, of: 'warm_jwt', cacheKey: 'text' } },
    { name: names.coldJwt, limit, script: 'countersign', parameter: { fixture, of: 'cold_jwt' } },
    { name: 'fast-jwt, not cached', limit, script: 'fast_jwt', parameter: { fixture, of: 'cold_jwt' } },
    { name: 'jsonwebtoken', limit, script: 'jsonwebtoken', parameter: { fixture, of: 'cold_jwt' } },
    { name: 'jose', limit, script: 'jose', parameter: { fixture, of: 'cold_jwt' } },
    { name: signature, limit, script: 'bare', parameter: { fixture, primitive: 'signature' } },
  ]
}

function keyVerifiers(fixture: Fixture): readonly Verifier[] {
  const limit = digest
  return [
    { name: names.key, limit, script: 'countersign', parameter: { fixture, of: 'warm_key' } },
    { name: names.memory, limit, script: 'better_auth', parameter: { storage: 'memory' } },
    { name: names.secondary, limit, script: 'better_auth', parameter: { storage: 'secondary' } },
    { name: digest, limit, script: 'bare', parameter: { fixture, primitive: 'hash' } },
  ]
}

async function measure(verifiers: readonly Verifier[], { turns, turnMs }: Pace): Promise<readonly SystemFigures[]> {
  const started = await Promise.all(
    verifiers.map(async (verifier) => ({
      verifier,
      process: await startSystem<null>(`verifiers/${verifier.script}`, verifier.parameter),
    })),
  )
  const turn = async ({ verifier, process }: (typeof started)[number]): Promise<Measured> => {
    const usesUp = 'of' in verifier.parameter && verifier.parameter.of === 'cold_jwt'
    const { calls, ms, cpuMicros } = await process.turn({ ms: turnMs, ...(usesUp ? { callsMax: coldCallsMax } : {}) })
    return { perSecond: (calls * 1000) / ms, cpuMicros: cpuMicros / calls }
  }
  const measured = await takeTurns(started, warmUpTurns + turns, turn)
  await Promise.all(started.map(({ process }) => process.stop()))
  return started.map(({ verifier }, index) => figuresOf(verifier, measured[index]?.slice(warmUpTurns) ?? []))
}
