/** The less of two states: a restored object may lose and never gain. */
import { formatScope, intersectScope, parseScope, type Status } from '@countersign/core'
import type { Client } from '@countersign/store'

export const rank: { readonly [S in Status]: number } = { active: 0, disabled: 1, revoked: 2 }

export function worse(one: Status, other: Status): Status {
  return rank[one] >= rank[other] ? one : other
}

/** The access that is in both. */
export function takenAccess(access: Client['access'], later: Client['access']): Client['access'] {
  const entries = Object.entries(access).flatMap(([api, scope]) => {
    const left = later[api]
    return left === undefined ? [] : [[api, narrow(scope, left)]]
  })
  return Object.fromEntries(entries)
}

export function narrow(scope: string, left: string): string {
  return formatScope(intersectScope(parseScope(scope), parseScope(left)))
}

/** Whether two records have the same members, whose own order does not matter. The order within a member does. */
export function isSame(one: object, other: object): boolean {
  return sorted(one) === sorted(other)
}

function sorted(record: object): string {
  return JSON.stringify(Object.entries(record).toSorted(([one], [other]) => (one < other ? -1 : 1)))
}
