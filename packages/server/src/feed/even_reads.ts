import { andThen, type MaybePromise } from '@countersign/core'
import { Cache } from '@countersign/verifier/engine'

/**
 * A read that finds a row takes longer than one that finds none. A refusal therefore makes both, whichever came first,
 * so that its time does not tell whether the credential was ever there (docs/security/invariants.md §7).
 */
export interface EvenReads<R> {
  find(tenant: string, name: string): MaybePromise<R | undefined>
  /** The other read, and what it found: of something absent after one that found, of something present after one that did not. */
  balance(tenant: string, wasFound: boolean): MaybePromise<R | undefined>
}

/** `absent` names nothing in any tenant. What was found last is what is present. */
export function createEvenReads<R>(
  read: (tenant: string, name: string) => MaybePromise<R | undefined>,
  absent: string,
): EvenReads<R> {
  const present = new Cache<string>(20_000)

  function find(tenant: string, name: string): MaybePromise<R | undefined> {
    return andThen(read(tenant, name), (record) => {
      if (record !== undefined) present.set(tenant, name)
      return record
    })
  }

  return {
    find,
    balance: (tenant, wasFound) => read(tenant, wasFound ? absent : (present.get(tenant) ?? absent)),
  }
}
