import type { ClientState, StateByType, Subject } from '@countersign/core'
import { apiId, audience, credentials, type Dependency } from './credentials.ts'
import { subjectOf } from './history.ts'
import { nameOf } from './oracle.ts'
import type { Rules } from './rules.ts'
import type { Random } from './timeline.ts'

export interface Made {
  readonly subject: Subject
  /** Everything issued to this client before is revoked. */
  readonly isCutOff: boolean
}

interface Circumstances {
  readonly version: number
  readonly before: StateByType[Dependency['type']] | undefined
  /** The number that the entry will have. */
  readonly sequence: number
  readonly now: number
  readonly random: Random
  readonly rules: Rules
}

/** The signed end of each token, with its leeway. */
const signedEnds = new Map(credentials.map(({ own, endsAt }) => [nameOf(own), endsAt]))

/** Something an operator may do to an object that is not revoked; undefined where there is nothing to do. */
export function makeSubject({ type, id }: Dependency, around: Circumstances): Made | undefined {
  const { version, now, random } = around
  const farAway = Math.ceil(now) + 40_000_000
  const status = random.pick(['active', 'active', 'disabled', 'revoked'] as const)
  const scope = random.pick(['a b', 'a', 'b', ''])
  switch (type) {
    case 'key': {
      const ends = random.chance(0.2) ? { expiresAt: Math.ceil(now) + random.between(0, 60) } : {}
      return { subject: subjectOf('key', id, version, { status, scope, ...ends }, farAway), isCutOff: false }
    }
    case 'token':
    case 'client_token': {
      const signedEnd = signedEnds.get(nameOf({ type, id })) ?? 0
      const expiresAt = random.chance(0.4) ? Math.min(signedEnd, Math.ceil(now) + random.between(0, 60)) : undefined
      const changes = { ...(random.chance(0.5) ? { scope } : {}), ...(expiresAt === undefined ? {} : { expiresAt }) }
      const dropAt = dropAtOf(signedEnd, expiresAt, around.rules)
      return { subject: subjectOf(type, id, version, { status, ...changes }, dropAt), isCutOff: false }
    }
    case 'client':
      return changeClient(id, status, scope, farAway, around)
    case 'public_key': {
      if (!random.chance(0.3)) return undefined
      return { subject: subjectOf('public_key', id, version, { status: 'revoked' }, farAway), isCutOff: false }
    }
    case 'signing_key': {
      if (!random.chance(0.3)) return undefined
      const state = { status: 'revoked', alg: 'RS256', purpose: 'access_token' } as const
      return { subject: subjectOf('signing_key', id, version, state, farAway), isCutOff: false }
    }
    case 'api': {
      const isDisabled = random.chance(0.5)
      const state = { audience, maxStalenessSeconds: 300, createdSequence: 0 }
      const whole = { ...state, status: isDisabled ? ('disabled' as const) : ('active' as const) }
      return { subject: subjectOf('api', id, version, whole, farAway), isCutOff: false }
    }
    case 'tenant':
      return undefined
  }
}

/** feed.md §2: the signed end and no other, plus leeway (it is in the end already) and 300 s. */
function dropAtOf(signedEnd: number, setEnd: number | undefined, rules: Rules): number {
  const end = rules.dropAtIsSigned ? signedEnd : (setEnd ?? signedEnd)
  return rules.dropAtHasGrace ? end + 300 : end - 10
}

function changeClient(
  id: string,
  status: 'active' | 'disabled' | 'revoked',
  scope: string,
  dropAt: number,
  { before, version, sequence, now, random, rules }: Circumstances,
): Made {
  const isCutOff = random.chance(0.3)
  const was = (before as ClientState | undefined)?.cutOff ?? 0
  const cutOff = isCutOff ? (rules.cutOffIsSequence ? sequence : Math.floor(now)) : was
  const access = { [apiId]: random.pick(['a b', 'a b', scope]) }
  const state = { status: isCutOff ? ('active' as const) : status, access, cutOff }
  return { subject: subjectOf('client', id, version, state, dropAt), isCutOff }
}
