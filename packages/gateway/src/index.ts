/** A reverse proxy with the engine in front, its routes read from an API description. */
export type { AssertionSource } from './assertion.ts'
export type { Gateway, GatewayOptions } from './create_gateway.ts'
export { createGateway } from './create_gateway.ts'
export { createDemoApi } from './demo_api.ts'
export { demoDocument } from './demo_document.ts'
export { createHealthListener } from './health_listener.ts'
export type { Decision, RequestEvent } from './request_event.ts'
