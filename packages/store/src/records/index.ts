/**
 * A file for each record: its type, its reads and its writes. They know SQL, and not which database runs it. Times are
 * seconds, `version` rises by one with each change, and ids are unique within their tenant. The files resemble each other
 * and share no builder of queries: tenant and version stand in every statement, where a reader looks for them.
 */
import type { Session, WriteSession } from '../session.ts'
import type { ReadRepositories, WriteTransaction } from '../store.ts'
import { readUsage } from '../usage/series.ts'
import { readApis, writeApis } from './api.ts'
import { readAudit } from './audit_event.ts'
import { readClients, writeClients } from './client.ts'
import { writeIdempotency } from './idempotency.ts'
import { readIssuers, writeIssuers } from './issuer.ts'
import { readKeys, writeKeys } from './key.ts'
import { readAccounts, writeAccounts } from './people/account.ts'
import { readAccountSessions, writeAccountSessions } from './people/account_session.ts'
import { readConsents, writeConsents } from './people/consent.ts'
import { readFamilies, writeFamilies } from './people/family.ts'
import { readIdentities, writeIdentities } from './people/identity.ts'
import { readLogos, writeLogos } from './people/logo.ts'
import { readPasskeys, writePasskeys } from './people/passkey.ts'
import { readSettings, writeSettings } from './people/settings.ts'
import { readSigningKeys, writeSigningKeys } from './signing_key.ts'
import { readSingleUse, writeSingleUse } from './single_use.ts'
import { readStatusEntries } from './status_entry.ts'
import { readAccessRequests, writeAccessRequests } from './teams/access_request.ts'
import { readInvitations, writeInvitations } from './teams/invitation.ts'
import { readMemberships, writeMemberships } from './teams/membership.ts'
import { readTeams, writeTeams } from './teams/team.ts'
import { readTenants, writeTenants } from './tenant.ts'
import { readTokens, writeTokens } from './token.ts'
import { readVerifierPositions } from './verifier_position.ts'

export function readRepositories(session: Session): ReadRepositories {
  return {
    tenants: readTenants(session),
    apis: readApis(session),
    clients: readClients(session),
    keys: readKeys(session),
    tokens: readTokens(session),
    accounts: readAccounts(session),
    consents: readConsents(session),
    families: readFamilies(session),
    identities: readIdentities(session),
    passkeys: readPasskeys(session),
    sessions: readAccountSessions(session),
    settings: readSettings(session),
    logos: readLogos(session),
    teams: readTeams(session),
    memberships: readMemberships(session),
    invitations: readInvitations(session),
    accessRequests: readAccessRequests(session),
    statusEntries: readStatusEntries(session),
    signingKeys: readSigningKeys(session),
    issuers: readIssuers(session),
    singleUse: readSingleUse(session),
    audit: readAudit(session),
    usage: readUsage(session),
    verifierPositions: readVerifierPositions(session),
  }
}

export function writeRepositories(session: WriteSession): Omit<WriteTransaction, 'append'> {
  return {
    ...readRepositories(session),
    tenants: writeTenants(session),
    apis: writeApis(session),
    clients: writeClients(session),
    keys: writeKeys(session),
    tokens: writeTokens(session),
    accounts: writeAccounts(session),
    consents: writeConsents(session),
    families: writeFamilies(session),
    identities: writeIdentities(session),
    passkeys: writePasskeys(session),
    sessions: writeAccountSessions(session),
    settings: writeSettings(session),
    logos: writeLogos(session),
    teams: writeTeams(session),
    memberships: writeMemberships(session),
    invitations: writeInvitations(session),
    accessRequests: writeAccessRequests(session),
    signingKeys: writeSigningKeys(session),
    issuers: writeIssuers(session),
    idempotency: writeIdempotency(session),
    singleUse: writeSingleUse(session),
  }
}
