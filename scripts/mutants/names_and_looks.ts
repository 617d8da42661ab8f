/** Flaws of the names that APIs have, of what applications show people, and of ids that owners have for people. */
import type { Mutant } from './mutant.ts'

const server = 'packages/server/src'
const resources = [`${server}/oauth/resources.test.ts`]
const looks = [`${server}/people/client_pages.test.ts`]

export const namesAndLooks: readonly Mutant[] = [
  {
    id: 'api-offered-to-nobody',
    what: 'an API that offers something is in reach of no team',
    file: `${server}/caller/reach.ts`,
    find: "return reach.of === 'teams' && mayIn(reach).length > 0 &&",
    replace: "return reach.of !== 'teams' && mayIn(reach).length > 0 &&",
    tests: [`${server}/people/reach.test.ts`],
  },
  {
    id: 'resource-is-any',
    what: 'audience and resource may name two APIs',
    file: `${server}/oauth/api_registry.ts`,
    find: '(api === undefined || !isNamed(api, other))',
    replace: 'api === undefined',
    tests: resources,
  },
  {
    id: 'refresh-of-any-resource',
    what: 'a code or refresh token is taken with the name of another API',
    file: `${server}/oauth/grants/authorization_code.ts`,
    find: 'if (named !== undefined && !isNamed(api, named))',
    replace: 'if (named !== undefined && !isNamed(api, api.audience))',
    tests: resources,
  },
  {
    id: 'resource-of-two',
    what: 'a name may have two APIs',
    file: 'packages/store/src/rows/api_resources.ts',
    find: 'const rows = (api.resources ?? []).map(rowOf)',
    replace: 'const rows = [api.audience].slice(1).map(rowOf)',
    tests: [`${server}/management/apis.test.ts`],
  },
  {
    id: 'picture-of-anybody',
    what: 'the picture of a client that nobody has checked is shown',
    file: `${server}/people/pages/consent.ts`,
    find: 'isVerified && client.logo !== undefined',
    replace: 'client.logo !== undefined',
    tests: looks,
  },
  {
    id: 'look-keeps-verified',
    what: 'a client stays verified when its team gives it another look',
    file: `${server}/management/clients/team.ts`,
    find: '(isRenamed || looksElse)',
    replace: '(isRenamed || (looksElse && isRenamed))',
    tests: looks,
  },
  {
    id: 'picture-fetched-out-of-reach',
    what: 'a picture is fetched for a client that the caller does not reach',
    file: `${server}/management/clients/shown.ts`,
    find: '  if (context.body.logoUri != null) await findClient(context, context.params.clientId as string)\n',
    replace: '',
    tests: looks,
  },
  {
    id: 'external-subject-of-two',
    what: 'two accounts have one id of the owner’s',
    file: 'packages/store/src/migrations/0026_external_subject.ts',
    find: 'create unique index',
    replace: 'create index',
    tests: [`${server}/people/external_subject.test.ts`],
  },
]
