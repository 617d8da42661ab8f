/** What every database behind the store must pass; `runConformance` registers it with vitest. */
import { describe } from 'vitest'
import { auditCases } from './audit.ts'
import { changeCases } from './change.ts'
import { epochCases } from './epoch.ts'
import { feedCases } from './feed.ts'
import { poisonedRowCases } from './poisoned_row.ts'
import { processCases } from './processes.ts'
import { repositoryCases } from './repositories.ts'
import { tenantWallCases } from './tenant_wall.ts'
import type { CreateDatabase } from './test_database.ts'
import { usageCases } from './usage.ts'

export { type PostgresServer, startPostgres } from './postgres_server.ts'
export type { CreateDatabase, TestDatabase } from './test_database.ts'

/** `create` gives an empty database each time. */
export function runConformance(name: string, create: CreateDatabase): void {
  describe(name, () => {
    describe('repositories', () => repositoryCases(create))
    describe('the wall between tenants', () => tenantWallCases(create))
    describe('changes', () => changeCases(create))
    describe('the feed', () => feedCases(create))
    describe('epochs', () => epochCases(create))
    describe('the audit chain', () => auditCases(create))
    describe('several processes', () => processCases(create))
    describe('usage', () => usageCases(create))
    describe('poisoned rows', () => poisonedRowCases(create))
  })
}
