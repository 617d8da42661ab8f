import type { MaybePromise } from '../seconds.ts'

/** Go on with a value now, or with a promise's value later. The synchronous path stays synchronous. */
export function andThen<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}
