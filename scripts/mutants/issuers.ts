import type { Mutant } from './mutant.ts'

const engine = ['packages/verifier/src/known/external_jwt.test.ts']
const core = ['packages/core/src/external/external_jwt.test.ts']
const keys = ['packages/server/src/issuers/issuer_keys.test.ts']
const bearer = ['packages/server/src/oauth/grants/jwt_bearer.test.ts']
const management = ['packages/server/src/management/issuers.test.ts']

/** JWTs of other issuers: docs/issuers.md. */
export const issuerMutants: readonly Mutant[] = [
  {
    id: 'ISSUER-OWN',
    what: 'an entry makes another issuer of our own name',
    file: 'packages/verifier/src/known/establish.ts',
    find: 'const trusted = issuer === book.issuer ? undefined : book.trustedIssuer(issuer)',
    replace: 'const trusted = book.trustedIssuer(issuer)',
    tests: engine,
  },
  {
    id: 'ISSUER-KEY',
    what: 'a credential that is kept outlives the key that signed it',
    file: 'packages/verifier/src/known/known.ts',
    find: "return !isThere || book.isChangedSince('trusted_issuer', owner, readAt)",
    replace: 'return !isThere',
    tests: engine,
  },
  {
    id: 'ISSUER-CHILD',
    what: 'a token that was made from a JWT outlives its key',
    file: 'packages/verifier/src/standing.ts',
    find: "return isThere ? { status: issuer.status } : 'revoked'",
    replace: "return { status: issuer?.status ?? 'active' }",
    tests: engine,
  },
  {
    id: 'ISSUER-AUD',
    what: 'a JWT for one API is good for every API that a rule names',
    file: 'packages/core/src/external/issuer_rule.ts',
    find: 'audiences.includes(issuer.audience) && names.apiIdOf(issuer.audience) === undefined',
    replace: 'audiences.includes(issuer.audience)',
    tests: core,
  },
  {
    id: 'ISSUER-EMPTY',
    what: 'a rule that asks for nothing holds for everybody',
    file: 'packages/core/src/external/issuer_rule.ts',
    find: 'return asked.length > 0 && asked.every(',
    replace: 'return asked.every(',
    tests: core,
  },
  {
    id: 'ISSUER-CUT-OFF',
    what: 'the end of a client or subject leaves the JWTs of issuers alive',
    file: 'packages/core/src/effective_grant.ts',
    find: 'return issuedAt <= Math.max(...times) + limits.clockLeewaySeconds',
    replace: 'return issuedAt < 0',
    tests: core,
  },
  {
    id: 'ISSUER-AHEAD',
    what: 'a JWT may end years ahead',
    file: 'packages/core/src/external/external_jwt.ts',
    find: ', exp - limits.externalAheadSecondsMax)',
    replace: ')',
    tests: core,
  },
  {
    id: 'ISSUER-MINUTE',
    what: 'an unknown kid makes the server fetch as often as it is presented',
    file: 'packages/server/src/issuers/issuer_keys.ts',
    find: 'if (issuer?.jwksUri !== undefined && !isRecent) await refresh(services, issuer)',
    replace: 'if (issuer?.jwksUri !== undefined) await fetchIssuerKeys(services.outbound, issuer.jwksUri)',
    tests: keys,
  },
  {
    id: 'ISSUER-LATE',
    what: 'keys are taken from an answer to a question about another place',
    file: 'packages/server/src/issuers/issuer_keys.ts',
    find: 'if (issuer?.jwksUri !== uri || issuer.askedAt !== askedAt) return',
    replace: 'if (issuer === undefined) return',
    tests: keys,
  },
  {
    id: 'ISSUER-FAULT',
    what: 'a key server that fails takes the keys away',
    file: 'packages/server/src/issuers/issuer_keys.ts',
    find: 'return { ...rest, fetchAt: at + waitSeconds, failures, fault: fetched.fault }',
    replace: 'return { ...rest, keys: [], fetchAt: at + waitSeconds, failures, fault: fetched.fault }',
    tests: keys,
  },
  {
    id: 'ISSUER-AGAIN',
    what: 'a token is made by rules that were taken away meanwhile',
    file: 'packages/server/src/oauth/grants/jwt_bearer.ts',
    find: "if (book.state('trusted_issuer', issuerId) !== state) throw new BehindError()",
    replace: '',
    tests: bearer,
  },
  {
    id: 'ISSUER-TOUCH',
    what: 'an issuer is moved to a client with more than its maker has',
    file: 'packages/server/src/management/issuers.ts',
    find: 'if (client !== undefined) requireMayTouch(context, client)\n  if (client !== undefined && body.clientId',
    replace: 'if (client !== undefined && body.clientId',
    tests: management,
  },
  {
    id: 'OUTBOUND-PIN',
    what: 'a name is looked up again for the connection',
    file: 'packages/server/src/outbound/outbound_client.ts',
    find: 'lookup: pinned(addresses),',
    replace: '',
    tests: ['packages/server/src/outbound/outbound_client.test.ts'],
  },
]
