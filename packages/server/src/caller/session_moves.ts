/**
 * A session that is used lives on: its end is moved by whoever reads the cookie, never by the engine, at most once an hour
 * and never beyond its longest life. A request waits for no such write, and does not fail with it.
 */
import type { Grant, Seconds } from '@countersign/core'
import type { AccountSession, AuditActor, Store } from '@countersign/store'
import { Cache } from '@countersign/verifier/engine'
import { sessionObject } from '../feed/objects.ts'
import { serverLimits } from '../limits.ts'

export interface SessionMoves {
  /** The session of this grant was used. */
  seen(grant: Grant, by: () => { readonly actor: AuditActor; readonly requestId: string }): void
}

export interface SessionMovesOptions {
  readonly store: Store
  readonly now: () => Seconds
  readonly onError: (error: unknown) => void
}

export function createSessionMoves({ store, now, onError }: SessionMovesOptions): SessionMoves {
  const triedAt = new Cache<Seconds>(serverLimits.sessionMovesKept)

  async function move(
    { tenant, credentialId }: Grant,
    by: ReturnType<Parameters<SessionMoves['seen']>[1]>,
  ): Promise<void> {
    await store.write(
      async (transaction) => {
        const session = await transaction.sessions.find(tenant, credentialId)
        // One that has ended meanwhile stays ended.
        if (session === undefined || !isDue(session, now())) return
        const moved = movedTo(session, now())
        await transaction.sessions.update(moved)
        const after = { accountId: moved.accountId, expiresAt: moved.expiresAt }
        const audit = { ...by, action: 'session.extend', objectType: 'session', objectId: session.id, after }
        transaction.append({ tenant, audit, objects: () => [sessionObject(moved)] })
      },
      { tenant },
    )
  }

  return {
    seen(grant, by) {
      const at = now()
      const left = (grant.expiresAt ?? at) - at
      if (left > serverLimits.sessionSeconds - serverLimits.sessionMovedSeconds) return
      const name = JSON.stringify([grant.tenant, grant.credentialId])
      const before = triedAt.get(name)
      if (before !== undefined && at - before < serverLimits.sessionMovedSeconds) return
      triedAt.set(name, at)
      void move(grant, by()).catch((error: unknown) => {
        triedAt.delete(name)
        onError(error)
      })
    },
  }
}

function isDue({ status, lastSeenAt, expiresAt }: AccountSession, now: Seconds): boolean {
  return status === 'active' && now < expiresAt && now - lastSeenAt >= serverLimits.sessionMovedSeconds
}

function movedTo(session: AccountSession, now: Seconds): AccountSession {
  const at = Math.floor(now)
  const expiresAt = Math.min(at + serverLimits.sessionSeconds, session.createdAt + serverLimits.sessionSecondsMax)
  return { ...session, lastSeenAt: at, expiresAt, version: session.version + 1, updatedAt: at }
}
