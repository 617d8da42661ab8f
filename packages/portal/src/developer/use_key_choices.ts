import { useQuery } from '@tanstack/react-query'
import { keyNamesQuery } from '../shared/api/usage_queries.ts'

/** The keys by which a list is filtered, each with its name. One that is chosen and has none here stands there by its id. */
export function useKeyChoices(chosen: string | undefined): readonly (readonly [id: string, name: string])[] {
  const { data = [] } = useQuery(keyNamesQuery)
  const named = data.map(({ id, name }) => [id, name] as const)
  return chosen === undefined || named.some(([id]) => id === chosen) ? named : [[chosen, chosen], ...named]
}
