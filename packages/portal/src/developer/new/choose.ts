/** Which client and which API a new key is for, unless somebody chose. */
import type { Api, Client, Me } from '../../shared/api/queries.ts'
import { isBuiltInApi } from '../built_in_api.ts'
import type { Draft } from './draft.ts'

export interface Holder {
  readonly clientId: string
  readonly name: string
  readonly access: Client['access']
  /** The team of a client that is made together with its first key. */
  readonly teamId?: string
}

export interface Choices {
  readonly me: Me
  readonly holders: readonly Holder[]
  readonly holder: Holder | undefined
  /** The APIs that the holder has access to. */
  readonly apis: readonly Api[]
  readonly api: Api | undefined
  /** The scope tokens that the holder can give there. */
  readonly givable: ReadonlySet<string>
}

export function choose(draft: Draft, me: Me, holders: readonly Holder[], known: readonly Api[]): Choices {
  const ownFirst = [...known].sort((one, other) => Number(isBuiltInApi(one)) - Number(isBuiltInApi(other)))
  const apisOf = ({ access }: Holder) =>
    ownFirst.filter(({ audience }) => access.some((it) => it.audience === audience))
  const isWanted = (api: Api) => (draft.audience === undefined ? !isBuiltInApi(api) : api.audience === draft.audience)
  const first = holders.find((it) => apisOf(it).some(isWanted)) ?? holders[0]
  const holder = holders.find(({ clientId }) => clientId === draft.clientId) ?? first
  const apis = holder === undefined ? [] : apisOf(holder)
  const api = apis.find(({ audience }) => audience === draft.audience) ?? apis[0]
  const scope = holder?.access.find(({ audience }) => audience === api?.audience)?.scope ?? ''
  return { me, holders, holder, apis, api, givable: new Set(scope.split(' ').filter((token) => token !== '')) }
}
