/** The first things that a team does, each ticked by what has happened. */
import type { Client, ListedKey } from '../../shared/api/queries.ts'

export const stepNames = ['key', 'call', 'restrict', 'invite'] as const
export type StepName = (typeof stepNames)[number]

export interface Step {
  readonly name: StepName
  /** `undefined`: nobody knows now. */
  readonly isDone: boolean | undefined
}

type Limited = Pick<
  ListedKey,
  'audience' | 'clientId' | 'ipAllow' | 'originAllow' | 'rateLimit' | 'rateLimits' | 'scope'
>
type Holder = Pick<Client, 'clientId' | 'access'>

export interface Happened {
  /** The last used key of all; `null` where there is none. */
  readonly lastUsed: Pick<ListedKey, 'lastUsedAt'> | null
  /** The active keys, and the clients that hold them; `undefined` while nobody knows. */
  readonly keys: readonly Limited[] | undefined
  readonly clients: readonly Holder[] | undefined
  /** For each team of the person how many members it has; `undefined` while nobody knows. */
  readonly members: readonly (number | undefined)[]
  /** Likewise its open invitations, where the person may read them. */
  readonly invitations: readonly (number | undefined)[]
}

/** Without a team nobody is invited. */
export function stepsOf({ lastUsed, keys, clients, members, invitations }: Happened): readonly Step[] {
  const steps: readonly Step[] = [
    { name: 'key', isDone: lastUsed !== null },
    { name: 'call', isDone: lastUsed !== null && lastUsed.lastUsedAt !== null },
    { name: 'restrict', isDone: anyOf(keys?.map((key) => isRestricted(key, clients))) },
  ]
  if (members.length === 0) return steps
  const isInvited = anyOf([
    ...members.map((many) => (many === undefined ? undefined : many > 1)),
    ...invitations.map((many) => (many === undefined ? undefined : many > 0)),
  ])
  return [...steps, { name: 'invite', isDone: isInvited }]
}

/** Whether a key may do less than its client could give it. `clients`: the scope is compared with what they have. */
export function isRestricted(key: Limited, clients: readonly Holder[] | undefined): boolean | undefined {
  const { ipAllow, originAllow, rateLimit, rateLimits } = key
  if (ipAllow !== null || originAllow !== null || rateLimit !== null || rateLimits !== null) return true
  if (clients === undefined) return undefined
  const holder = clients.find(({ clientId }) => clientId === key.clientId)
  const givable = holder?.access.find(({ audience }) => audience === key.audience)?.scope ?? ''
  const has = new Set(key.scope.split(' '))
  return givable.split(' ').some((token) => token !== '' && !has.has(token))
}

/** One that is so decides it; one that nobody knows leaves it open. */
function anyOf(facts: readonly (boolean | undefined)[] | undefined): boolean | undefined {
  if (facts?.includes(true) === true) return true
  return facts === undefined || facts.includes(undefined) ? undefined : false
}

const youngMs = 14 * 86_400_000

/** Whether the steps are shown: to a team that has used no key, and to a young one until they are done. `keys`: the active ones. */
export function areStepsShown(
  steps: readonly Step[],
  keys: readonly Pick<ListedKey, 'createdAt'>[] | undefined,
  now = Date.now(),
): boolean {
  if (steps.find(({ name }) => name === 'call')?.isDone !== true) return true
  if (keys === undefined || steps.every(({ isDone }) => isDone === true)) return false
  return keys.every(({ createdAt }) => now - Date.parse(createdAt) < youngMs)
}
