/** The limits: `node:http` alone, with the parsing or the signature that an answer cannot do without. */
import {
  answerIntrospected,
  answerOrders,
  answerParsed,
  answerSigned,
  type BareClaims,
  listen,
} from '../../bare_answers.ts'
import { answerQuestions } from '../answering.ts'

export type BareAnswer = 'verify' | 'introspect' | 'token' | 'orders'

answerQuestions(async ({ answer, claims }: { readonly answer: BareAnswer; readonly claims: BareClaims }) => {
  const listeners = {
    verify: () => answerParsed(claims.clientId),
    introspect: () => answerIntrospected(claims),
    token: () => answerSigned(claims),
    orders: () => answerOrders,
  }
  return { told: await listen(listeners[answer]()) }
})
