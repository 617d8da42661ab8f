import type { Mutant } from './mutant.ts'

const calls = ['packages/server/src/management/apis/calls.test.ts']

/** Calls of the server to APIs: docs/people/portal.md. */
export const callMutants: readonly Mutant[] = [
  {
    id: 'CALL-ADDRESS',
    what: 'one address that may be called lets a name lead anywhere',
    file: 'packages/server/src/outbound/outbound_client.ts',
    find: 'if (!addresses.every(isFor))',
    replace: 'if (!addresses.some(isFor))',
    tests: calls,
  },
  {
    id: 'CALL-PLAIN',
    what: 'credentials go to public addresses over plain http',
    file: 'packages/server/src/outbound/outbound_client.ts',
    find: "(url.protocol === 'https:' && isPublicAddress(address))",
    replace: 'isPublicAddress(address)',
    tests: calls,
  },
  {
    id: 'CALL-PIN',
    what: 'the name of an API is looked up again for the connection',
    file: 'packages/server/src/outbound/outbound_call.ts',
    find: 'lookup: pinned(addresses),',
    replace: '',
    tests: calls,
  },
  {
    id: 'CALL-GONE',
    what: 'a call goes on when its caller has gone',
    file: 'packages/server/src/outbound/outbound_client.ts',
    find: 'AbortSignal.any([time, call.signal])',
    replace: 'time',
    tests: calls,
  },
  {
    id: 'CALL-PLACE',
    what: 'a call that ended keeps its place',
    file: 'packages/server/src/management/apis/calls.ts',
    find: '  } finally {\n    leave()',
    replace: '  } finally {\n    void leave',
    tests: calls,
  },
  {
    id: 'CALL-PERSON',
    what: 'each session of a person has calls of its own',
    file: 'packages/server/src/management/apis/calls.ts',
    find: 'shareOf(context.tenant, context.caller)',
    replace: '{ tenant: context.tenant.id, credential: context.caller.grant.credentialId }',
    tests: calls,
  },
  {
    id: 'CALL-UPGRADE',
    what: 'a caller waits for ever for an API that ends a call without an error',
    file: 'packages/server/src/outbound/outbound_call.ts',
    find: "  asked.on('close', () => reject(new OutboundError(faultOf('unreachable'))))\n",
    replace: '',
    tests: calls,
  },
  {
    id: 'CALL-HEADER',
    what: 'a call may say that it comes from somebody else',
    file: 'packages/server/src/management/apis/calls.ts',
    find: 'isDeceptiveHeader(folded)',
    replace: 'false',
    tests: calls,
  },
]
