/** The application of `dev` that signs people in. The system acts, since nobody calls. */
import { generateKey, Secret } from '@countersign/core'
import { type Client, type ClientDraft, newClient, newClientSecret } from '@countersign/store'
import type { Services } from '../context.ts'
import { clientObject } from '../feed/objects.ts'
import { noAuthority } from '../management/authority.ts'
import { defaultTenantId } from '../tenants/bootstrap.ts'

export interface Application {
  readonly apiId: string
  readonly name: string
  readonly redirectUri: string
  readonly scope: string
  /** The client of an earlier start. */
  readonly clientId: string | undefined
}

/**
 * Makes the client, or gives that of an earlier start its redirect URI, since the port may be another now: what its owner has
 * set since stays. Its secret is a new one at each start and the only one, so that none is kept readable anywhere.
 */
export async function provisionApplication(
  services: Pick<Services, 'books' | 'keyPrefix' | 'now' | 'randomBytes' | 'store'>,
  application: Application,
): Promise<{ readonly clientId: string; readonly clientSecret: Secret }> {
  const { keyPrefix: prefix, randomBytes, store } = services
  const now = services.now()
  const secret = generateKey({ prefix, marker: 'secret', randomBytes })
  const { value, entries } = await store.write(async (transaction) => {
    const { clientId } = application
    const found = clientId === undefined ? undefined : await transaction.clients.find(defaultTenantId, clientId)
    const known = found?.type === 'web' ? found : undefined
    const client =
      known === undefined
        ? newClient(draftOf(application), { now, randomBytes })
        : { ...movedTo(application.redirectUri, known), version: known.version + 1, updatedAt: Math.floor(now) }
    if (known === undefined) await transaction.clients.insert(client)
    else {
      await transaction.clients.update(client)
      await transaction.clients.deleteSecrets(client.tenant, client.id)
    }
    await transaction.clients.insertSecret(await newClientSecret(secret, client, now))
    transaction.append({
      tenant: client.tenant,
      audit: {
        actor: { kind: 'system' },
        action: 'dev.application',
        objectType: 'client',
        objectId: client.id,
        after: { redirectUri: application.redirectUri },
        requestId: 'dev',
      },
      objects: () => (known === undefined ? [] : [clientObject(client, now)]),
    })
    return client
  })
  await services.books.settle(entries)
  return { clientId: value.id, clientSecret: new Secret(secret.text) }
}

function draftOf({ apiId, name, redirectUri, scope }: Application): ClientDraft {
  return {
    tenant: defaultTenantId,
    name,
    type: 'web',
    access: { [apiId]: scope },
    guards: [],
    authority: noAuthority,
    signIn: { redirectUris: [redirectUri], verified: true, consent: 'ask', requirePkce: true, offlineAccess: true },
  }
}

/** A client whose owner took the sign-in away gets none again. */
function movedTo(redirectUri: string, client: Client): Client {
  return client.signIn === undefined ? client : { ...client, signIn: { ...client.signIn, redirectUris: [redirectUri] } }
}
