import type { Routes } from '../routes.ts'
import { accessRequestExamples } from './access_request.ts'
import { accountExamples } from './account.ts'
import { apiExamples } from './api.ts'
import { callExamples } from './call.ts'
import { clientExamples } from './client.ts'
import type { Examples } from './example.ts'
import { inspectionExamples } from './inspection.ts'
import { issuerExamples } from './issuer.ts'
import { keyExamples } from './key.ts'
import { portalLinkExamples } from './portal_link.ts'
import { revocationExamples } from './revocation.ts'
import { settingsExamples } from './settings.ts'
import { signingKeyExamples } from './signing_key.ts'
import { teamExamples } from './team.ts'
import { tenantExamples } from './tenant.ts'
import { tokenExamples } from './token.ts'
import { usageAndAuditExamples } from './usage_and_audit.ts'
import { verificationExamples } from './verification.ts'

/** An example of every operation, by its operation id. */
export const examples: Examples<Routes> = {
  ...apiExamples,
  ...callExamples,
  ...signingKeyExamples,
  ...clientExamples,
  ...keyExamples,
  ...tokenExamples,
  ...revocationExamples,
  ...issuerExamples,
  ...verificationExamples,
  ...inspectionExamples,
  ...usageAndAuditExamples,
  ...tenantExamples,
  ...accountExamples,
  ...teamExamples,
  ...accessRequestExamples,
  ...portalLinkExamples,
  ...settingsExamples,
}
