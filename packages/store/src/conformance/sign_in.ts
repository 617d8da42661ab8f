import { expect, it } from 'vitest'
import { type Account, endedAccount } from '../records/people/account.ts'
import { digestOf, seed } from './examples.ts'
import { exampleAccount, examplePasskey, exampleSession } from './people_examples.ts'
import type { CreateDatabase } from './test_database.ts'
import { startAt, withStore } from './test_database.ts'

/** The ways in which an account signs in, and the sessions that come of it. */
export function signInCases(create: CreateDatabase): void {
  it('an id that the owner has for a person is one account’s, and finds it, until the account ends', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme', 'other')
      const account = exampleAccount('acme', 'acct_2', { externalSubject: 'customer 1' })
      await store.write(async ({ accounts }) => {
        await accounts.insert(account)
        await accounts.insert(exampleAccount('acme', 'acct_3'))
        await accounts.insert({ ...account, tenant: 'other' })
      })
      expect(await store.read.accounts.find('acme', 'acct_2')).toStrictEqual(account)
      const found = (externalSubject: string) =>
        store.read.accounts.list('acme', { limit: 5 }, { externalSubject }).then((all) => all.map(({ id }) => id))
      expect([await found('customer 1'), await found('CUSTOMER 1')]).toEqual([['acct_2'], []])
      const twin = exampleAccount('acme', 'acct_3', { externalSubject: 'customer 1', version: 2 })
      const update = (changed: Account) => store.write(({ accounts }) => accounts.update(changed))
      await expect(update(twin)).rejects.toMatchObject({ name: 'ConflictError', what: 'externalSubject' })
      await update(endedAccount({ ...account, status: 'revoked', version: 2 }))
      expect(await found('customer 1')).toEqual([])
      await update(twin)
      expect(await found('customer 1')).toEqual(['acct_3'])
    }))

  it('a passkey is read back, updated and removed, and its id is one account’s', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      await store.write(async (it) => {
        await it.passkeys.insert(examplePasskey('acme', 'b', { createdAt: startAt + 1 }))
        await it.passkeys.insert(examplePasskey('acme', 'c'))
        await it.passkeys.insert(examplePasskey('acme', 'a', { accountId: 'acct_8' }))
      })
      const { passkeys } = store.read
      expect(await passkeys.find('acme', 'c')).toStrictEqual(examplePasskey('acme', 'c'))
      expect((await passkeys.ofAccount('acme', 'acct_9')).map(({ id }) => id)).toEqual(['c', 'b'])
      const twin = store.write((it) => it.passkeys.insert(examplePasskey('acme', 'a')))
      await expect(twin).rejects.toMatchObject({ name: 'ConflictError', what: 'id' })
      const used = examplePasskey('acme', 'c', { counter: 7, lastUsedAt: startAt + 9, version: 2 })
      await store.write((it) => it.passkeys.update(used))
      expect(await passkeys.find('acme', 'c')).toStrictEqual(used)
      await expect(store.write((it) => it.passkeys.update(used))).rejects.toThrow('0 rows')
      await store.write((it) => it.passkeys.delete('acme', 'c'))
      await expect(store.write((it) => it.passkeys.delete('acme', 'c'))).rejects.toThrow('0 rows')
      await store.write((it) => it.passkeys.deleteAll('acme', 'acct_9'))
      expect(await passkeys.ofAccount('acme', 'acct_9')).toEqual([])
      expect(await passkeys.find('acme', 'a')).toBeDefined()
    }))

  it('an account has one identity of each kind, and of two who change the same version one does', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      const of = { tenant: 'acme', accountId: 'acct_9' }
      for (const kind of ['password', 'totp', 'recovery_codes'] as const)
        await store.write((it) => it.identities.put({ ...of, kind, content: { kind } }, startAt))
      const totp = await store.read.identities.find('acme', 'acct_9', 'totp')
      if (totp === undefined) throw new Error('it was not kept')
      const next = { ...totp, content: { step: 1 }, version: 2 }
      await store.write((it) => it.identities.update(next))
      await expect(store.write((it) => it.identities.update(next))).rejects.toThrow('0 rows')
      expect(await store.read.identities.find('acme', 'acct_9', 'totp')).toStrictEqual(next)
      await store.write((it) => it.identities.delete('acme', 'acct_9', 'totp'))
      await expect(store.write((it) => it.identities.update({ ...next, version: 3 }))).rejects.toThrow('0 rows')
      expect((await store.read.identities.find('acme', 'acct_9', 'password'))?.content).toEqual({ kind: 'password' })
    }))

  it('a session is found by the text that it had before, which ends at its own time', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      const former = { digest: digestOf('before'), until: startAt + 10 }
      const session = exampleSession('acme', 'session_1', { former, steppedUpAt: startAt, amr: ['pwd', 'otp', 'mfa'] })
      await store.write((it) => it.sessions.insert(session))
      await store.write((it) => it.sessions.insert(exampleSession('acme', 'session_2')))
      expect(await store.read.sessions.find('acme', 'session_1')).toStrictEqual(session)
      expect(await store.read.sessions.findByDigest('acme', former.digest)).toStrictEqual(session)
      const found = async (digest: string) => {
        const record = await store.lookup.credential('acme', digest, 'session')
        return record && [record.id, record.expiresAt]
      }
      expect(await found(session.digest)).toEqual(['session_1', startAt + 43_200])
      expect(await found(former.digest)).toEqual(['session_1', startAt + 10])
      expect(await found(digestOf('another'))).toBeUndefined()
      const ending = { ...session, expiresAt: startAt + 5, version: 2 }
      await store.write((it) => it.sessions.update(ending))
      expect(await found(former.digest)).toEqual(['session_1', startAt + 5])
    }))
}
