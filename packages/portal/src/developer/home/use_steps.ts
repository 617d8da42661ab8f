import { useQueries, useQuery } from '@tanstack/react-query'
import { orderedKeysQuery } from '../../shared/api/home_queries.ts'
import { clientsQuery, invitationsQuery, type ListedKey, type Me, membersQuery } from '../../shared/api/queries.ts'
import { may } from '../../shared/may_write.ts'
import { type Step, stepsOf } from './first_steps.ts'

export interface Steps {
  readonly steps: readonly Step[]
  /** The active keys; `undefined` while nobody knows them. */
  readonly keys: readonly ListedKey[] | undefined
}

/** Reads what the person may read: of a team whose members they do not see, no step tells. */
export function useSteps(me: Me, lastUsed: Pick<ListedKey, 'lastUsedAt'> | null): Steps {
  const keys = useQuery(orderedKeysQuery('-lastUsedAt')).data?.data
  const clients = useQuery({ ...clientsQuery, enabled: may(me, 'clients:read') }).data?.data
  const seen = me.teams.filter(({ id }) => may(me, 'teams:read', id))
  const owned = seen.filter(({ id, role }) => role === 'owner' && may(me, 'teams:write', id))
  const members = useQueries({ queries: seen.map(({ id }) => membersQuery(id)) })
  const invitations = useQueries({
    queries: owned.map(({ id }) => ({ ...invitationsQuery(id), refetchInterval: 30_000 })),
  })
  const many = ({ data }: { readonly data: { readonly data: readonly unknown[] } | undefined }) => data?.data.length
  const steps = stepsOf({ lastUsed, keys, clients, members: members.map(many), invitations: invitations.map(many) })
  return { steps, keys }
}
