// Promises that the types hold: each patch takes a step that a person could forget to finish, and `tsc` names the place.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { typescript } from './compilers.ts'

interface Patch {
  /** In each file, the text after which another one is put in. */
  readonly edits: readonly (readonly [file: string, after: string, added: string])[]
  /** Files that must not compile afterwards, since something has to be decided anew in each. */
  readonly failing: readonly string[]
}

const verifier = 'packages/verifier/src/create_verifier.ts'
const gate = 'packages/verifier/src/adapters/gate.ts'
const client = 'packages/client/src/get_token.ts'

const grant = 'packages/server/src/oauth/grants/client_credentials.ts'
const auditEvent = 'packages/store/src/records/audit_event.ts'
const reach = 'packages/server/src/caller/reach.ts'
const ungatedGrant = `
export const ungated: GrantType = {
  name: 'ungated',
  async decide(services, { tenant, moment, client, authority, parameters }) {
    const api = await chooseApi(services.apis, tenant, client, parameters)
    const issuable = { scope: ['everything'], expiresAt: moment.takenAt + 3_600 }
    return { issue: { tenant, moment, client, api, authorities: [authority], subject: client.id, issuable } }
  },
}
`

const patches: Readonly<Record<string, Patch>> = {
  'a kind of credential': {
    edits: [['packages/core/src/grant.ts', 'export type CredentialKind =', "'session_cookie' |"]],
    failing: [
      'packages/contract/src/codes.ts',
      'packages/core/src/effective_grant.ts',
      'packages/core/src/identity.ts',
    ],
  },
  'a type of object': {
    edits: [['packages/core/src/identity.ts', 'export type ObjectType =\n', "| 'device'\n"]],
    failing: [
      'packages/contract/src/codes.ts',
      'packages/core/src/feed/entry.ts',
      'packages/core/src/identity.ts',
      'packages/store/src/stored_json.ts',
      'packages/verifier/src/book/status_book.ts',
    ],
  },
  'a type of object that a credential is': {
    edits: [['packages/core/src/identity.ts', 'export type CredentialType =', "'signing_key' |"]],
    failing: [
      'packages/core/src/identity.ts',
      'packages/server/src/oauth/revocable.ts',
      'packages/verifier/src/standing.ts',
    ],
  },
  'a code of rejection': {
    edits: [['packages/core/src/rejection.ts', 'export type InvalidTokenCode =\n', "| 'wrong_weather'\n"]],
    failing: ['packages/contract/src/codes.ts', 'packages/core/src/rejection.ts'],
  },
  'an option of the verifier, of an adapter and of the client': {
    edits: [
      [verifier, 'export interface VerifierOptions {\n', 'readonly timeoutMs?: number\n'],
      [gate, 'export interface ProtectOptions {\n', 'readonly realm?: string\n'],
      [client, 'export type GetTokenOptions = ClientCredentials & {\n', 'readonly resource?: string\n'],
    ],
    failing: [verifier, gate, client],
  },
  'a grant that leaves out the issuing gate': {
    edits: [[grant, "import type { GrantType } from './grant_type.ts'\n", ungatedGrant]],
    failing: [grant],
  },
  'a member of the answer of an operation': {
    edits: [['packages/contract/src/apis.ts', 'export const api = z.object({\n', 'region: v.name,\n']],
    failing: ['packages/server/src/management/apis.ts'],
  },
  'an ancestor of a type with no rule': {
    edits: [['packages/core/src/identity.ts', 'export type Ancestor = Identity<', "'client' |"]],
    failing: ['packages/core/src/identity.ts'],
  },
  'a reach that is narrower than the tenant': {
    edits: [
      [
        reach,
        'export type Reach =',
        "{ readonly of: 'clients'; readonly tenant: string; readonly clients: readonly string[] } |",
      ],
    ],
    failing: [reach],
  },
  'a kind of audit actor': {
    edits: [[auditEvent, 'export type AuditActor =\n', "| { readonly kind: 'robot'; readonly serial: string }\n"]],
    failing: [auditEvent],
  },
}

const root = resolve(import.meta.dirname, '..')
let copy = ''

describe('what was added and not finished does not compile', () => {
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'countersign-promises-'))
    copyTree()
  })
  afterAll(() => rmSync(copy, { recursive: true, force: true }))

  // In the short form `npm run check` says so.
  test.runIf(inject('isFull'))('the tree as it is compiles', { timeout: 120_000 }, () => {
    expect(filesThatFail()).toEqual([])
  })

  // A compile takes seconds. Together the patches name their places too, unless one hides the place of another: the long form.
  test.skipIf(inject('isFull'))('each of them, together', { timeout: 120_000 }, () =>
    expectToFail(Object.values(patches)),
  )

  test.runIf(inject('isFull')).each(Object.entries(patches))('%s', { timeout: 120_000 }, (_, patch) =>
    expectToFail([patch]),
  )
})

function expectToFail(some: readonly Patch[]): void {
  const edits = some.flatMap((patch) => patch.edits)
  const before = edits.map(([file, after, added]) => insert(join(copy, file), after, added))
  try {
    expect(filesThatFail()).toEqual(expect.arrayContaining(some.flatMap(({ failing }) => failing)))
  } finally {
    for (const { path, source } of before.reverse()) writeFileSync(path, source)
  }
}

function insert(path: string, after: string, added: string): { readonly path: string; readonly source: string } {
  const source = readFileSync(path, 'utf8')
  expect(source).toContain(after)
  writeFileSync(
    path,
    source.replace(after, () => after + added),
  )
  return { path, source }
}

/** The sources of the packages without their tests; each package is linked to the copy, everything else to what is installed. */
function copyTree(): void {
  const isSource = (path: string): boolean => !/\.test\.ts$|\.fixture\.ts$|node_modules/.test(path)
  cpSync(join(root, 'packages'), join(copy, 'packages'), { recursive: true, filter: isSource })
  mkdirSync(join(copy, 'node_modules/@countersign'), { recursive: true })
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name !== '@countersign') symlinkSync(join(root, 'node_modules', name), join(copy, 'node_modules', name))
  }
  for (const name of readdirSync(join(root, 'packages'))) {
    symlinkSync(join(copy, 'packages', name), join(copy, 'node_modules/@countersign', name))
  }
  const settings = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'))
  writeFileSync(join(copy, 'tsconfig.json'), JSON.stringify({ ...settings, include: ['packages/*/src'] }))
}

function filesThatFail(): readonly string[] {
  const { stdout } = spawnSync(typescript, ['-p', copy, '--pretty', 'false'], {
    cwd: copy,
    encoding: 'utf8',
  })
  return [...new Set([...stdout.matchAll(/^([^\s(]+)\(\d+,\d+\): error/gm)].map(([, file]) => file as string))].sort()
}
