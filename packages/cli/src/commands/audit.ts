import { Command } from 'commander'
import { type DatabaseFlags, findExistingDatabase, withDatabase } from '../database.ts'
import { exitCodes } from '../exit.ts'
import { leaf } from '../flags.ts'
import { printJson, printTable } from '../output.ts'

const verify = withDatabase(leaf('verify'))
  .description('that nothing in the audit log was changed, left out or cut off; exit 7 when something was')
  .action(async ({ json, ...flags }: DatabaseFlags & { readonly json?: true }) => {
    const place = findExistingDatabase(flags)
    const { auditVerify } = await import('@countersign/server')
    const { tenants } = await auditVerify(place)
    if (tenants.some(({ brokenAt }) => brokenAt !== null)) process.exitCode = exitCodes.no
    if (json === true) printJson({ tenants })
    else {
      printTable(
        ['TENANT', 'EVENTS', 'CHAIN'],
        tenants.map(({ tenant, events, brokenAt }) => [
          tenant,
          events,
          brokenAt === null ? 'whole' : `broken at event ${brokenAt}`,
        ]),
      )
    }
  })

export const auditCommand = new Command('audit').description('the audit log').addCommand(verify)
