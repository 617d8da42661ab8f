/** One run of tokens, kept in one place and renewed by one at a time. */
import type { Seconds } from '@countersign/core'
import { ApiError } from '../api_error.ts'
import { type Asking, readTokenSet, refreshSet, type TokenSet } from './token_set.ts'

/** The place where tokens are kept, and the turn in which they may be renewed. */
export interface Keeper {
  load(): Promise<unknown>
  save(set: TokenSet | undefined): Promise<void>
  /** Whether newer tokens exist that have not come here: the refresh token has been used then. */
  isBehind?(): boolean
  /** Runs the work while nobody else who shares the place does: not in this process, nor in another, nor in another tab. */
  alone<T>(work: () => Promise<T>): Promise<T>
}

export interface Renewal {
  /** Gives what is kept, whatever it is worth. */
  present(): Promise<TokenSet | undefined>
  keep(set: TokenSet): Promise<void>
  /** An access token that has not ended. */
  token(): Promise<string>
  /** Forgets the tokens and gives them, to be ended at the server. */
  forget(): Promise<TokenSet | undefined>
}

/** The pause after a renewal that failed while the token is live, in seconds. */
const retryAfterSeconds = 5

export function createRenewal(asking: Asking, keeper: Keeper): Renewal {
  const { now } = asking
  let underWay: Promise<TokenSet> | undefined
  const present = async (): Promise<TokenSet | undefined> => readTokenSet(await keeper.load(), asking)

  /** Another tab or process may have renewed while this one waited for its turn, so the place is read again. */
  function renew(): Promise<TokenSet> {
    return keeper.alone(async () => {
      const kept = await present()
      if (kept === undefined) throw signInRequired('nobody has signed in')
      if (isFresh(kept, now())) return kept
      if (kept.refreshToken === undefined || keeper.isBehind?.() === true) {
        if (isLive(kept, now())) return kept
        throw signInRequired('the access token has ended, and no refresh token is good')
      }
      return refresh(kept, kept.refreshToken)
    })
  }

  async function refresh(kept: TokenSet, refreshToken: string): Promise<TokenSet> {
    try {
      const fresh = await refreshSet(asking, kept, refreshToken)
      await keeper.save(fresh)
      return fresh
    } catch (error) {
      if (error instanceof ApiError && error.code === 'invalid_grant') {
        await keeper.save(undefined)
        throw signInRequired('the sign-in has ended')
      }
      if (!isTransient(error) || !isLive(kept, now())) throw error
      // The server may be back before the token ends. The pause is kept with the tokens, so all who share them make it.
      const later = { ...kept, renewAt: Math.min(now() + retryAfterSeconds, kept.expiresAt) }
      await keeper.save(later)
      return later
    }
  }

  return {
    present,
    keep: (set) => keeper.alone(() => keeper.save(set)),
    async token() {
      const kept = await present()
      if (kept !== undefined && isFresh(kept, now())) return kept.accessToken
      underWay ??= renew().finally(() => {
        underWay = undefined
      })
      return (await underWay).accessToken
    },
    forget: () =>
      keeper.alone(async () => {
        const kept = await present()
        await keeper.save(undefined)
        return kept
      }),
  }
}

function isFresh({ renewAt }: TokenSet, now: Seconds): boolean {
  return now < renewAt
}

function isLive({ expiresAt }: TokenSet, now: Seconds): boolean {
  return now < expiresAt
}

function isTransient(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false
  return ['unreachable', 'timeout'].includes(error.code) || error.status === 429 || error.status >= 500
}

function signInRequired(detail: string): ApiError {
  return new ApiError({ status: 0, code: 'sign_in_required', detail })
}
