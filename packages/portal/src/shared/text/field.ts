const fields: Readonly<Record<string, string>> = {
  name: 'Name',
  clientId: 'Client',
  audience: 'API',
  scope: 'Scope',
  expiresAt: 'Ends',
  ipAllow: 'Addresses',
  originAllow: 'Web origins',
  rateLimit: 'Calls in a window',
  teamId: 'Team',
  access: 'Access',
  redirectUris: 'Redirect URI',
  postLogoutRedirectUris: 'URI after signing out',
  homepageUri: 'Home page',
  logoUri: 'Picture',
}

/** The name of a member of a body, as its field has it. */
export function field(name: string): string {
  return fields[name] ?? name
}
