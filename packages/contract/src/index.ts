/** The management API as schemas; the OpenAPI document is made from them. */
export type { AuditAction, Open, ProblemCode } from './codes.ts'
export { auditActions, problemCodes } from './codes.ts'
export { openapiDocument } from './openapi.ts'
export type { ManagementScope, Method, Route } from './route.ts'
export { managementScopes } from './route.ts'
export type { OperationId, Routes } from './routes.ts'
export { allRoutes, routes } from './routes.ts'
