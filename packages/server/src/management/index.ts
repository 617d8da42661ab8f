/** Every operation of the management API that is not a hot route of its own in `verification/`. */

import { callOperations } from './apis/calls.ts'
import { apiDocumentOperations } from './apis/documents.ts'
import { apiOperations } from './apis.ts'
import { clientOperations } from './clients.ts'
import { inspectionOperations } from './credentials/inspections.ts'
import { refusalOperations } from './credentials/recent_refusals.ts'
import { issuerOperations } from './issuers.ts'
import { keyOperations } from './keys.ts'
import type { Operation } from './operation.ts'
import { accountOperations } from './people/accounts.ts'
import { consentOperations } from './people/consents.ts'
import { portalLinkOperations } from './people/portal_links.ts'
import { sessionOperations } from './people/sessions.ts'
import { settingsOperations } from './people/settings.ts'
import { receiptOperations } from './receipt.ts'
import { revocationOperations } from './revocations.ts'
import { signingKeyOperations } from './signing_keys.ts'
import { accessRequestOperations } from './teams/access_requests.ts'
import { memberOperations } from './teams/members.ts'
import { teamOperations } from './teams/teams.ts'
import { tenantOperations } from './tenants.ts'
import { tokenOperations } from './tokens.ts'
import { usageAndAuditOperations } from './usage_and_audit.ts'

export const operations: readonly Operation[] = [
  ...apiOperations,
  ...apiDocumentOperations,
  ...callOperations,
  ...signingKeyOperations,
  ...clientOperations,
  ...keyOperations,
  ...tokenOperations,
  ...revocationOperations,
  ...issuerOperations,
  ...inspectionOperations,
  ...usageAndAuditOperations,
  ...refusalOperations,
  ...receiptOperations,
  ...tenantOperations,
  ...accountOperations,
  ...sessionOperations,
  ...consentOperations,
  ...settingsOperations,
  ...teamOperations,
  ...memberOperations,
  ...accessRequestOperations,
  ...portalLinkOperations,
]
