/** One instance for a file of tests, with somebody and a client that may refresh. They are there once its tests run. */
import { afterAll, beforeAll } from 'vitest'
import { type Client, type Instance, type Person, startInstance } from './instance.fixture.ts'

export let instance: Instance
export let person: Person
export let client: Client

/** `more`: of the client. */
export function useInstance(more: object = {}): void {
  beforeAll(async () => {
    instance = await startInstance()
    person = await instance.person()
    client = await instance.client({ offlineAccess: true, ...more })
  })
  afterAll(() => instance?.stop())
}
