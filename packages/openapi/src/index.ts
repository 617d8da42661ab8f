/** `@countersign/openapi`: reads an API description. Pure: text in, values out; files and URLs are the caller's. */

export type { ApiDescription, Operation } from './description.ts'
export { readOperations } from './description.ts'
export type { OpenApiDocument, OpenApiVersion } from './document.ts'
export { readDocument } from './document.ts'
export type { OpenApiErrorCode } from './openapi_error.ts'
export { OpenApiError } from './openapi_error.ts'
export type { Problem, ProblemCode } from './problem.ts'
export type { Requirement } from './requirement.ts'
export { permits } from './requirement.ts'
export type { Match, RouteTable } from './route_table.ts'
export { compileRoutes } from './route_table.ts'
export type { ScopeDescription } from './scope_registry.ts'
