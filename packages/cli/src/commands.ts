import type { Command } from 'commander'

/** Every command: what `--help` says of it, and where it is. Only the one that is called is loaded. */
export interface CommandEntry {
  readonly name: string
  readonly description: string
  load(): Promise<Command>
}

export const commands: readonly CommandEntry[] = [
  {
    name: 'dev',
    description: 'server, gateway and a guarded API on this machine, from an empty folder',
    load: async () => (await import('./commands/dev.ts')).devCommand,
  },
  {
    name: 'serve',
    description: 'production server; configured by environment or file, never by prompts',
    load: async () => (await import('./commands/serve.ts')).serveCommand,
  },
  {
    name: 'gateway',
    description: 'a reverse proxy that lets described, permitted requests through to your API',
    load: async () => (await import('./commands/gateway.ts')).gatewayCommand,
  },
  {
    name: 'keys',
    description: 'API keys: create, list, show, update, roll, disable, enable, revoke',
    load: async () => (await import('./commands/keys.ts')).keysCommand,
  },
  {
    name: 'clients',
    description: 'the parties that hold credentials: create, list, show, update, secret, revoke, delete',
    load: async () => (await import('./commands/clients.ts')).clientsCommand,
  },
  {
    name: 'apis',
    description: 'the APIs that credentials are for: create, list, show, import',
    load: async () => (await import('./commands/apis.ts')).apisCommand,
  },
  {
    name: 'issuers',
    description: 'other issuers whose JWTs are taken: create, list, show, update, test, delete',
    load: async () => (await import('./commands/issuers.ts')).issuersCommand,
  },
  {
    name: 'token',
    description: 'tokens: get, mint, inspect, list, show, update, revoke',
    load: async () => (await import('./commands/token.ts')).tokenCommand,
  },
  {
    name: 'verify',
    description: 'judge a credential from standard input; exit 0 active, 7 not active',
    load: async () => (await import('./commands/verify.ts')).verifyCommand,
  },
  {
    name: 'scan',
    description: 'find leaked keys in files by prefix and checksum; exit 7 when there is one',
    load: async () => (await import('./commands/scan.ts')).scanCommand,
  },
  {
    name: 'verifiers',
    description: 'verifiers and gateways: create the key that one needs, list',
    load: async () => (await import('./commands/verifiers.ts')).verifiersCommand,
  },
  {
    name: 'usage',
    description: 'counts of verifications over time, by outcome, scope, key or client',
    load: async () => (await import('./commands/usage.ts')).usageCommand,
  },
  {
    name: 'tenants',
    description: 'tenants of this installation: create, list, show, delete',
    load: async () => (await import('./commands/tenants.ts')).tenantsCommand,
  },
  {
    name: 'accounts',
    description: 'people who can sign in: create, list, show, update, link, revoke, delete',
    load: async () => (await import('./commands/people/accounts.ts')).accountsCommand,
  },
  {
    name: 'sessions',
    description: 'where people are signed in: list, revoke',
    load: async () => (await import('./commands/people/sessions.ts')).sessionsCommand,
  },
  {
    name: 'consents',
    description: 'what people allow applications: list, revoke',
    load: async () => (await import('./commands/people/consents.ts')).consentsCommand,
  },
  {
    name: 'teams',
    description: 'people who share clients: create, list, show, update, delete; members, invitations',
    load: async () => (await import('./commands/teams/teams.ts')).teamsCommand,
  },
  {
    name: 'access-requests',
    description: 'what teams ask for beyond their ceiling: create, list, approve, refuse, withdraw',
    load: async () => (await import('./commands/teams/access_requests.ts')).accessRequestsCommand,
  },
  {
    name: 'settings',
    description: 'what people see of the tenant, and how they come in: show, update',
    load: async () => (await import('./commands/people/settings.ts')).settingsCommand,
  },
  {
    name: 'api',
    description: 'call any operation of the management API',
    load: async () => (await import('./commands/api.ts')).apiCommand,
  },
  {
    name: 'doctor',
    description: 'checks of this installation, each with what to do about it',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand,
  },
  {
    name: 'config',
    description: 'print the settings that serve would run with, secrets redacted, or every problem at once',
    load: async () => (await import('./commands/config.ts')).configCommand,
  },
  {
    name: 'provision',
    description: 'with --recover: make an administrator’s key offline, when nobody has one any more',
    load: async () => (await import('./commands/provision.ts')).provisionCommand,
  },
  {
    name: 'backup',
    description: 'make a consistent copy of the SQLite database, while a server writes',
    load: async () => (await import('./commands/backup.ts')).backupCommand,
  },
  {
    name: 'restore',
    description: 'put a backup in the place of the database; what was revoked since stays revoked',
    load: async () => (await import('./commands/restore.ts')).restoreCommand,
  },
  {
    name: 'audit',
    description: 'the audit log: list changes, verify that nothing was changed or left out',
    load: async () => (await import('./commands/audit.ts')).auditCommand,
  },
  {
    name: 'completion',
    description: 'a completion script for bash, zsh or fish',
    load: async () => (await import('./commands/completion.ts')).completionCommand,
  },
]
