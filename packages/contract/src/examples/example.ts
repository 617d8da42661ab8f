import type { z } from 'zod'
import type { Route } from '../route.ts'

/**
 * A request and the answer to it. All examples tell one story, which a test of the server sends to a real server:
 * secrets end with `…`, and the same id in two examples is the same object.
 */
export type Example<R extends Route> = {
  /** The answer as the wire has it. */
  readonly answer: z.input<R['answer']['schema']>
  /** The parameters of the path, by their names. */
  readonly params?: Readonly<Record<string, string>>
} & (R extends { readonly query: infer Query extends z.ZodType } ? { readonly query?: z.input<Query> } : unknown) &
  (R extends { readonly body: infer Body extends z.ZodType } ? { readonly body: z.input<Body> } : unknown) &
  (R extends { readonly takesDocument: true } ? { readonly document: object } : unknown)

/** An example for each of these routes: one that is missing, or does not fit its schema, does not compile. */
export type Examples<Routes extends Readonly<Record<string, Route>>> = {
  readonly [Operation in keyof Routes]: Example<Routes[Operation]>
}
