/** Operators act through the servers: they change what there is, and make more of it. */
import type { Client, WriteTransaction } from '@countersign/store'
import { createKey, createOpaqueToken, type Dependency } from './credentials.ts'
import { append, change } from './operator.ts'
import { nameOf } from './oracle.ts'
import { tenants } from './tenants.ts'
import type { World } from './world.ts'

/** An operator asks a server for a change. */
export function askForChange(world: World, dependency: Dependency = world.random.pick(world.objects)): void {
  const server = world.random.pick(world.servers)
  const { running } = server
  if (running === undefined || server.isDown) return
  const credential = world.credentials.find(({ own }) => nameOf(own) === nameOf(dependency))
  const { store, books, now } = running
  world.touch(dependency)
  const work = change(dependency, { parts: world.parts, now: now(), random: world.random, credential })
  store.write(work).then(
    async ({ entries }) => {
      await books.settle(entries)
      if (server.running !== running) return
      for (const { chain } of entries) world.acknowledge(chain)
    },
    // Nobody knows whether it was done: nothing is promised of it.
    () => {},
  )
}

/** A key or an opaque token is made now: in the latter case at the position that the server has applied. */
export function issue(world: World): void {
  const { random } = world
  const server = random.pick(world.servers)
  const { running } = server
  if (running === undefined || server.isDown || world.isHealed) return
  const beganAtMs = world.timeline.now
  const { tenant, clients } = random.pick(tenants)
  const clientId = (random.pick(clients) as Client).id
  const bytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, () => random.between(0, 255))
  const now = Math.floor(running.now())
  const position = running.books.book(tenant.id)?.place.sequence ?? 0
  const options = { clientId, createdAt: now, endsAt: now + random.pick([60, 5_000]), position, lineage: [] }
  const key = createKey(tenant.id, clientId, now, bytes)
  const token = createOpaqueToken(tenant.id, options, bytes)
  const isKey = random.chance(0.5)
  const { credential } = isKey ? key : token
  const work = async (it: WriteTransaction): Promise<boolean> => {
    const client = await it.clients.find(tenant.id, clientId)
    if (client?.status !== 'active' || client.cutOff > position) return false
    if (isKey) await it.keys.insert(key.row)
    else await it.tokens.insert(token.row)
    // A change without an entry: still, nothing is issued in a history that the server does not know.
    append(it, tenant.id, world.parts.clientObject(client, now))
    return true
  }
  running.store.write(work).then(
    ({ value }) => {
      if (!value || server.running !== running) return
      world.credentials.push(credential)
      world.objects.push(credential.own)
      world.madeAtMs.set(nameOf(credential.own), beganAtMs)
    },
    () => {},
  )
}
