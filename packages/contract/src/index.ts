/** The management API as schemas; the OpenAPI document is made from them. */
export { openapiDocument } from './openapi.ts'
export type { ManagementScope, Method, Route } from './route.ts'
export { managementScopes } from './route.ts'
export type { OperationId, Routes } from './routes.ts'
export { allRoutes, routes } from './routes.ts'
