import type { MaybePromise } from '../seconds.ts'

/**
 * Go on with a value now, or with a promise's value later. The synchronous path stays synchronous. `next` is given
 * `context` beside the value, where a function made for the purpose would be garbage of every call.
 */
export function andThen<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U>
export function andThen<T, U, C>(
  value: MaybePromise<T>,
  next: (value: T, context: C) => MaybePromise<U>,
  context: C,
): MaybePromise<U>
export function andThen<T, U, C>(
  value: MaybePromise<T>,
  next: (value: T, context: C) => MaybePromise<U>,
  context?: C,
): MaybePromise<U> {
  return value instanceof Promise ? later(value, next, context as C) : next(value, context as C)
}

/** By itself: a function that makes another one sets memory aside for it whether it comes to that or not. */
function later<T, U, C>(value: Promise<T>, next: (value: T, context: C) => MaybePromise<U>, context: C): Promise<U> {
  return value.then((it) => next(it, context))
}
