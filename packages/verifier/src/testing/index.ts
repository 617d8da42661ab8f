/** `@countersign/verifier/testing`: an authorization server in memory, for the tests of an API's owner. */

export type { TestCredential, TestCredentialChanges, TestCredentialOptions } from './credentials.ts'
export type { TestIssuer, TestIssuerOptions } from './test_issuer.ts'
export { createTestIssuer } from './test_issuer.ts'
export type { TestTime } from './time.ts'
export { createTestTime } from './time.ts'
