/** The lists of operations that were last asked for, as texts, so that a description is parsed once for each import. */
import type { Api } from '@countersign/store'
import { Cache } from '@countersign/verifier/engine'
import { serverLimits } from '../limits.ts'

export interface OperationLists {
  /** The list of the API as it is in this record, from `make` unless it is kept. Every import raises the version. */
  of(api: Pick<Api, 'tenant' | 'id' | 'version' | 'updatedAt'>, make: () => Promise<string>): Promise<string>
}

export function createOperationLists(): OperationLists {
  const kept = new Cache<{ readonly revision: string; readonly text: string }>(serverLimits.operationListsKept)
  return {
    async of({ tenant, id, version, updatedAt }, make) {
      const key = `${tenant} ${id}`
      // The time too: a database that went back counts versions again.
      const revision = `${version} ${updatedAt}`
      const known = kept.get(key)
      if (known?.revision === revision) return known.text
      const text = await make()
      if (text.length <= serverLimits.operationListCharactersMax) kept.set(key, { revision, text })
      return text
    },
  }
}
