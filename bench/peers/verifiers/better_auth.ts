/** better-auth's API-key plugin, called in its own process: `auth.api.verifyApiKey`. */
import { answerQuestions } from '../answering.ts'
import { type BetterAuthStorage, openBetterAuth } from '../better_auth.ts'
import { falsify } from '../target.ts'
import { startTurns } from './subject.ts'

answerQuestions(async ({ storage }: { readonly storage: BetterAuthStorage }) => {
  const { auth, userId } = await openBetterAuth({ baseUrl: 'http://127.0.0.1', storage })
  const { key } = await auth.api.createApiKey({ body: { userId, name: 'bench' } })
  const judge = async (text: string): Promise<boolean> => (await auth.api.verifyApiKey({ body: { key: text } })).valid
  return startTurns({ credentials: [key], refused: [falsify(key)], judge })
})
