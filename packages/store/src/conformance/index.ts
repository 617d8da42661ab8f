/** The tests that every database behind the store must pass. */
import { describe } from 'vitest'
import { auditCases } from './audit.ts'
import { changeCases } from './change.ts'
import { clientCases } from './clients.ts'
import { credentialCases } from './credentials.ts'
import { dropTimeCases } from './drop_time.ts'
import { epochCases } from './epoch.ts'
import { feedCases } from './feed.ts'
import { issuerCases } from './issuers.ts'
import { listCases } from './lists.ts'
import { operationUseCases } from './operation_uses.ts'
import { poisonedRowCases } from './poisoned_row.ts'
import { processCases } from './processes.ts'
import { recordCases } from './records.ts'
import { refusalCases } from './refusals.ts'
import { settingsCases } from './settings.ts'
import { signInCases } from './sign_in.ts'
import { teamCases } from './teams.ts'
import { tenantWallCases } from './tenant_wall.ts'
import type { CreateDatabase } from './test_database.ts'
import { togetherCases } from './together.ts'
import { usageCases } from './usage.ts'

export { type PostgresServer, startPostgres } from './postgres_server.ts'
export type { CreateDatabase, TestDatabase } from './test_database.ts'

/** Registers the tests with Vitest. `create` gives an empty database each time. */
export function runConformance(name: string, create: CreateDatabase): void {
  describe(name, () => {
    describe('records', () => recordCases(create))
    describe('clients', () => clientCases(create))
    describe('trusted issuers', () => issuerCases(create))
    describe('lists', () => listCases(create))
    describe('credentials', () => credentialCases(create))
    describe('ways to sign in', () => signInCases(create))
    describe('teams', () => teamCases(create))
    describe('settings', () => settingsCases(create))
    describe('the wall between tenants', () => tenantWallCases(create))
    describe('changes', () => changeCases(create))
    describe('writes that share a transaction', () => togetherCases(create))
    describe('the feed', () => feedCases(create))
    describe('the drop time', () => dropTimeCases(create))
    describe('epochs', () => epochCases(create))
    describe('the audit chain', () => auditCases(create))
    describe('several processes', () => processCases(create))
    describe('usage', () => usageCases(create))
    describe('counts by operation', () => operationUseCases(create))
    describe('refusals', () => refusalCases(create))
    describe('poisoned rows', () => poisonedRowCases(create))
  })
}
