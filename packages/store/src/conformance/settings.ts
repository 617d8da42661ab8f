import { expect, it } from 'vitest'
import { exampleClient, seed } from './examples.ts'
import { exampleLogo, exampleSettings } from './people_examples.ts'
import type { CreateDatabase } from './test_database.ts'
import { startAt, withStore } from './test_database.ts'

/** The settings of a tenant, and the pictures that its pages show. */
export function settingsCases(create: CreateDatabase): void {
  it('settings are read back as they were written, one version after the other, in each tenant', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme', 'other')
      const put = (version: number, content = {}) =>
        store.write(({ settings }) => settings.put(exampleSettings('acme', { version, content })))
      await store.write(({ settings }) => settings.put(exampleSettings('acme')))
      expect(await store.read.settings.find('acme')).toStrictEqual(exampleSettings('acme'))
      expect(await store.read.settings.find('other')).toBeUndefined()
      await put(2)
      expect(await store.read.settings.find('acme')).toMatchObject({ version: 2, content: {} })
      for (const version of [1, 2, 4]) await expect(put(version)).rejects.toMatchObject({ name: 'RowCountError' })
      await store.write(({ tenants }) => tenants.delete('acme'))
      expect(await store.read.settings.find('acme')).toBeUndefined()
    }))

  it('a picture is put once and read back by its digest, until it is deleted', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme', 'other')
      const logo = exampleLogo('acme', 'digest_1')
      await store.write(({ logos }) => logos.put(logo))
      await store.write(({ logos }) => logos.put({ ...logo, createdAt: startAt + 1 }))
      expect(await store.read.logos.find('acme', 'digest_1')).toStrictEqual(logo)
      expect(await store.read.logos.find('acme', 'digest_2')).toBeUndefined()
      await store.write(({ logos }) => logos.deleteUnused('other', 'digest_1'))
      expect(await store.read.logos.find('acme', 'digest_1')).toStrictEqual(logo)
      await store.write(({ logos }) => logos.deleteUnused('acme', 'digest_1'))
      expect(await store.read.logos.find('acme', 'digest_1')).toBeUndefined()
    }))

  it('a picture that the settings or a client show stays, and is deleted once neither does', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme', 'other')
      const logo = { uri: 'https://acme.example/logo.png', digest: 'digest_1' }
      const client = exampleClient('acme', 'client_2', { logo, homepageUri: 'https://acme.example' })
      const isThere = async () => {
        await store.write(({ logos }) => logos.deleteUnused('acme', 'digest_1'))
        return (await store.read.logos.find('acme', 'digest_1')) !== undefined
      }
      await store.write(async ({ clients, logos, settings }) => {
        await logos.put(exampleLogo('acme', 'digest_1'))
        await clients.insert(client)
        await settings.put(exampleSettings('acme', { content: { logo } }))
      })
      expect(await store.read.clients.find('acme', 'client_2')).toStrictEqual(client)
      expect(await isThere()).toBe(true)
      const { logo: _, ...plain } = client
      await store.write(({ clients }) => clients.update({ ...plain, version: 2 }))
      expect(await store.read.clients.find('acme', 'client_2')).toStrictEqual({ ...plain, version: 2 })
      expect(await isThere()).toBe(true)
      await store.write(async ({ clients, settings }) => {
        await clients.update({ ...client, version: 3 })
        await settings.put(exampleSettings('acme', { content: {}, version: 2 }))
      })
      expect(await isThere()).toBe(true)
      await store.write(({ clients }) => clients.delete('acme', 'client_2'))
      expect(await isThere()).toBe(false)
    }))
}
