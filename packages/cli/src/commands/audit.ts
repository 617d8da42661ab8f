import { Command, InvalidArgumentError } from 'commander'
import { connectToServer } from '../connection.ts'
import { type DatabaseFlags, findExistingDatabase, withDatabase } from '../database.ts'
import { CommandError, exitCodes } from '../exit.ts'
import { leaf, type Page, pageOf, withPage } from '../flags.ts'
import { noteMore, printJson, printTable } from '../output.ts'

interface Flags extends DatabaseFlags {
  readonly json?: true
  readonly expect?: { readonly sequence: number; readonly link: string }
  readonly tenant?: string
}

function parseHead(text: string): { readonly sequence: number; readonly link: string } {
  const match = /^([1-9]\d{0,14}):([A-Za-z0-9_-]{43})$/.exec(text)
  if (match === null) throw new InvalidArgumentError('must be SEQ:LINK, as the column HEAD has it')
  return { sequence: Number(match[1]), link: match[2] as string }
}

const verify = withDatabase(leaf('verify'))
  .description('check that nothing in the audit log was changed, left out or cut off; exit 7 when something was')
  .option('--expect <seq:link>', 'an end noted before: everything up to it must still be there', parseHead)
  .option('--tenant <id>', 'the tenant whose end --expect names; default: the default tenant')
  .action(async ({ json, expect, tenant: of, ...flags }: Flags) => {
    if (of !== undefined && expect === undefined) throw new CommandError('usage', '--tenant goes with --expect')
    const place = findExistingDatabase(flags)
    const { auditVerify } = await import('@countersign/server')
    const expected =
      expect === undefined ? {} : { expected: { ...expect, ...(of === undefined ? {} : { tenant: of }) } }
    const { tenants } = await auditVerify({ ...place, ...expected })
    if (tenants.some(({ brokenAt }) => brokenAt !== null)) process.exitCode = exitCodes.no
    if (json === true) printJson({ tenants })
    else {
      printTable(
        ['TENANT', 'EVENTS', 'CHAIN', 'HEAD'],
        tenants.map(({ tenant, events, brokenAt, head }) => [
          tenant,
          events,
          brokenAt === null ? 'whole' : `broken at event ${brokenAt}`,
          head,
        ]),
      )
    }
  })

interface ListFlags extends Page {
  readonly json?: true
  readonly object?: string
  readonly action?: string
}

const list = withPage(leaf('list'))
  .description('changes, the latest first; --json shows the objects before and after')
  .option('--object <id>', 'only changes of this object')
  .option('--action <action>', 'only this kind of change, such as key.revoke')
  .action(async ({ json, object, action, ...page }: ListFlags) => {
    const asked = { ...pageOf(page), objectId: object, action }
    const query = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined))
    const answer = await connectToServer().management.listAudit({ query })
    if (json === true) return printJson(answer)
    printTable(
      ['AT', 'ACTION', 'OBJECT', { title: 'ACTOR', is: 'extra' }, { title: 'REQUEST', is: 'extra' }],
      answer.data.map(({ at, action: did, objectId, actor, requestId }) => [
        at,
        did,
        objectId,
        nameOf(actor),
        requestId,
      ]),
    )
    noteMore(answer.next)
  })

/** The credential that did it, or the system. */
function nameOf(actor: unknown): string {
  const { credentialId, kind } = (actor ?? {}) as { readonly credentialId?: unknown; readonly kind?: unknown }
  return String(credentialId ?? kind ?? '')
}

export const auditCommand = new Command('audit').description('the audit log').addCommand(list).addCommand(verify)
