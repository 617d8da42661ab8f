/** Teams of a test, with their people. */
import { audience, type World } from '../server.fixture.ts'
import { type Browser, signIn } from '../sign_in.fixture.ts'
import type { Wire } from '../wire.fixture.ts'

export type Role = 'owner' | 'developer' | 'viewer'

export interface Person {
  readonly id: string
  readonly email: string
  readonly browser: Browser
}

let count = 0
/** A word that no other object has. */
export const mark = (): string => `mark${++count}x`

export const ceiling = [{ audience, scope: 'orders:read orders:write' }]

export function makeTeam(world: World, more: object = {}): Promise<Wire> {
  return world.ok('POST', '/v1/teams', { name: mark(), access: ceiling, ...more })
}

/** Somebody with a verified address who is signed in. */
export async function makePerson(world: World, more: object = {}): Promise<Person> {
  const email = `${mark()}@example.com`
  const { id } = await world.ok('POST', '/v1/accounts', { email, emailVerified: true, name: mark(), ...more })
  return { id, email, browser: await signIn(world, id) }
}

export async function addPerson(world: World, teamId: string, role: Role, person?: Person): Promise<Person> {
  const added = person ?? (await makePerson(world))
  await world.ok('POST', `/v1/teams/${teamId}/members`, { email: added.email, role })
  return added
}

/** The code behind `#` of the invitation in an answer. */
export function codeOf({ invitation }: Pick<Wire, 'invitation'>): string {
  return new URL(invitation.url).hash.slice(1)
}
