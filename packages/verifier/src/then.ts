import type { MaybePromise } from '@countersign/core'

/** Go on with a value at once, or with a promise's when it is there: the synchronous path stays synchronous. */
export function then<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}
