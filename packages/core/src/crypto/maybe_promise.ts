import type { MaybePromise } from '../seconds.ts'

/**
 * Continues with a value now, or with a promise's value later: the synchronous path stays synchronous. `context` is
 * passed to `next` beside the value, so that no call needs a function of its own, which would be garbage.
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

/** A function apart: one that may make another allocates memory for it in every call, whether it makes it or not. */
function later<T, U, C>(value: Promise<T>, next: (value: T, context: C) => MaybePromise<U>, context: C): Promise<U> {
  return value.then((it) => next(it, context))
}
