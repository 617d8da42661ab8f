import type { Kysely } from 'kysely'
import type { ColumnTypes } from '../database.ts'
import type { Schema } from '../schema.ts'
import { up as initial } from './0001_initial.ts'
import { up as processes } from './0002_processes.ts'
import { up as ratePolicies } from './0003_rate_policies.ts'
import { up as usageRollUps } from './0004_usage_roll_ups.ts'
import { up as dropTime } from './0005_drop_time.ts'
import { up as authority } from './0008_authority.ts'
import { up as history } from './0009_history.ts'
import { up as subject } from './0010_subject.ts'
import { up as retiredScopes } from './0011_retired_scopes.ts'
import { up as scopeClaim } from './0012_scope_claim.ts'
import { up as credentialHeaders } from './0013_credential_headers.ts'
import { up as issuers } from './0016_issuers.ts'
import { up as apiOffer } from './0023_api_offer.ts'
import { up as apiResources } from './0024_api_resources.ts'
import { up as clientPages } from './0025_client_pages.ts'
import { up as externalSubject } from './0026_external_subject.ts'
import { up as documentJson } from './0030_document_json.ts'
import { up as refusals } from './0031_refusals.ts'
import { up as lastUseAddress } from './0032_last_use_address.ts'
import { up as portal } from './0040_portal.ts'
import { up as operationUses } from './0041_operation_uses.ts'
import { up as people } from './people/0015_people.ts'
import { up as consent } from './people/0017_consent.ts'
import { up as teams } from './people/0018_teams.ts'
import { up as refresh } from './people/0019_refresh.ts'
import { up as settings } from './people/0020_settings.ts'
import { up as factors } from './people/0021_factors.ts'
import { up as clientOrigins } from './people/0022_client_origins.ts'

export interface Migration {
  readonly number: number
  readonly name: string
  up(db: Kysely<Schema>, types: ColumnTypes, auditKey: Uint8Array): Promise<void>
}

/** Forward only. A released migration is never edited; a later number changes its result. */
export const migrations: readonly Migration[] = [
  { number: 1, name: 'initial', up: initial },
  { number: 2, name: 'processes', up: processes },
  { number: 3, name: 'rate_policies', up: ratePolicies },
  { number: 4, name: 'usage_roll_ups', up: usageRollUps },
  { number: 5, name: 'drop_time', up: dropTime },
  { number: 8, name: 'authority', up: authority },
  { number: 9, name: 'history', up: history },
  { number: 10, name: 'subject', up: subject },
  { number: 11, name: 'retired_scopes', up: retiredScopes },
  { number: 12, name: 'scope_claim', up: scopeClaim },
  { number: 13, name: 'credential_headers', up: credentialHeaders },
  { number: 15, name: 'people', up: people },
  { number: 16, name: 'issuers', up: issuers },
  { number: 17, name: 'consent', up: consent },
  { number: 18, name: 'teams', up: teams },
  { number: 19, name: 'refresh', up: refresh },
  { number: 20, name: 'settings', up: settings },
  { number: 21, name: 'factors', up: factors },
  { number: 22, name: 'client_origins', up: clientOrigins },
  { number: 23, name: 'api_offer', up: apiOffer },
  { number: 24, name: 'api_resources', up: apiResources },
  { number: 25, name: 'client_pages', up: clientPages },
  { number: 26, name: 'external_subject', up: externalSubject },
  { number: 30, name: 'document_json', up: documentJson },
  { number: 31, name: 'refusals', up: refusals },
  { number: 32, name: 'last_use_address', up: lastUseAddress },
  { number: 40, name: 'portal', up: portal },
  { number: 41, name: 'operation_uses', up: operationUses },
]
