/** The grant of a key, as several answers show it. */
export const grantExample = {
  kind: 'api_key',
  credentialId: 'rrnsvsVJmNHj',
  tenant: 'default',
  clientId: 'client_mzKsr9sjRwxw8Ag2psrG',
  subject: 'customer-17',
  audience: 'https://orders.example',
  scope: 'orders:read orders:write',
  expiresAt: '2028-01-15T08:00:00Z',
  environment: 'live',
  metadata: { region: 'eu' },
  clientMetadata: { plan: 'pro' },
} as const
