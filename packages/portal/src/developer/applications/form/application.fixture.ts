import type { Client } from '../../../shared/api/queries.ts'

/** An application as the API answers it, for the tests of pure parts. */
export function applicationOf(more: Partial<Client> = {}): Client {
  return {
    clientId: 'client_1',
    name: 'Shop',
    type: 'web',
    status: 'active',
    teamId: 'team_1',
    access: [{ audience: 'https://orders.example', scope: 'orders:read orders:write' }],
    redirectUris: ['https://shop.example/back'],
    postLogoutRedirectUris: [],
    offlineAccess: false,
    homepageUri: null,
    logoUri: null,
    secrets: [],
    ...more,
  } as Client
}
