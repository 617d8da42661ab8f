import { accessRequestRoutes } from './access_requests.ts'
import { accountRoutes } from './accounts.ts'
import { apiRoutes, signingKeyRoutes } from './apis.ts'
import { callRoutes } from './calls.ts'
import { clientRoutes } from './clients.ts'
import { inspectionRoutes } from './inspections.ts'
import { issuerRoutes } from './issuers.ts'
import { keyRoutes } from './keys.ts'
import { portalLinkRoutes } from './portal_links.ts'
import { revocationRoutes } from './revocations.ts'
import type { Route } from './route.ts'
import { settingsRoutes } from './settings.ts'
import { teamRoutes } from './teams.ts'
import { tenantRoutes } from './tenants.ts'
import { tokenRoutes } from './tokens.ts'
import { usageAndAuditRoutes } from './usage_and_audit.ts'
import { verificationRoutes } from './verification.ts'

/** Every operation of the management API, by its operation id. */
export const routes = {
  ...apiRoutes,
  ...callRoutes,
  ...signingKeyRoutes,
  ...clientRoutes,
  ...keyRoutes,
  ...tokenRoutes,
  ...revocationRoutes,
  ...issuerRoutes,
  ...verificationRoutes,
  ...inspectionRoutes,
  ...usageAndAuditRoutes,
  ...tenantRoutes,
  ...accountRoutes,
  ...teamRoutes,
  ...accessRequestRoutes,
  ...portalLinkRoutes,
  ...settingsRoutes,
}

/** The type of `routes`: each operation with its literal path and schemas. */
export type Routes = typeof routes
/** The name of an operation. */
export type OperationId = keyof Routes

/** The same as a list, in the order of the document. */
export const allRoutes: readonly Route[] = Object.values(routes)
