import type { Mutant } from './mutant.ts'

const cases = (name: string) => ['packages/store/src/sqlite/sqlite.test.ts', '-t', name]

/** Where the audit log ends is proved: docs/security/attacks.md. */
export const audit: readonly Mutant[] = [
  {
    id: 'AUDIT-1',
    what: 'the MAC of the end is not compared',
    file: 'packages/store/src/feed/audit_link.ts',
    find: 'return isEnd && isSealed ?',
    replace: 'return isEnd ?',
    tests: cases('a log cut after event'),
  },
  {
    id: 'AUDIT-2',
    what: 'the links of the feed are not compared',
    file: 'packages/store/src/feed/audit_link.ts',
    find: 'if (head === undefined || said.done !== true ||',
    replace: 'if (head === undefined ||',
    tests: cases('an older end put back'),
  },
  {
    id: 'AUDIT-3',
    what: 'an end noted elsewhere may lie behind the log',
    file: 'packages/store/src/feed/audit_link.ts',
    find: ' || (expected?.sequence ?? 0) > events',
    replace: '',
    tests: cases('noted elsewhere'),
  },
  {
    id: 'AUDIT-4',
    what: 'the link at an end noted elsewhere is not compared',
    file: 'packages/store/src/feed/audit_link.ts',
    find: 'if (expected?.sequence === events + 1 && !timingSafeEqual(expected.link, link)) return broken()',
    replace: '',
    tests: cases('noted elsewhere'),
  },
  {
    id: 'AUDIT-5',
    what: 'the MAC does not name the tenant',
    file: 'packages/store/src/feed/audit_link.ts',
    find: 'JSON.stringify([tenant, sequence, link])',
    replace: 'JSON.stringify([sequence])',
    tests: cases('another tenant’s'),
  },
  {
    id: 'AUDIT-6',
    what: 'tenants whose counters are gone are not listed',
    file: 'packages/store/src/feed/audit_link.ts',
    find: "['tenant_slugs', 'counters', 'audit', 'feed'] as const",
    replace: "['counters'] as const",
    tests: cases('still listed'),
  },
]
