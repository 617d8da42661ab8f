import { type DatabaseFlags, findExistingDatabase, withDatabase } from '../database.ts'
import { CommandError } from '../exit.ts'
import { leaf } from '../flags.ts'
import { note, printJson, printLine } from '../output.ts'

interface Flags extends DatabaseFlags {
  readonly recover?: true
  readonly tenant?: string
  readonly json?: true
}

export const provisionCommand = withDatabase(leaf('provision'))
  .description('make an administrator’s key offline, on the machine of the database; it alone goes to standard output')
  .option('--recover', 'make one although the installation has been set up; the audit log keeps it')
  .option('--tenant <slug>', 'the tenant; default: the default tenant')
  .action(async ({ json, recover, tenant = '', ...flags }: Flags) => {
    if (recover !== true) throw new CommandError('usage', 'give --recover: the first start makes the first key')
    const place = findExistingDatabase(flags)
    const { lockData, recoverAdministrator, serverLimits } = await import('@countersign/server')
    const lock = await lockData(place.database, serverLimits.dataLockWaitMs)
    try {
      const made = await recoverAdministrator({
        ...place,
        slug: tenant,
        keyPrefix: process.env.COUNTERSIGN_KEY_PREFIX ?? 'cs',
        now: () => Date.now() / 1000,
      })
      if (made === undefined) throw new CommandError('notFound', `there is no tenant ${tenant || 'here yet'}`)
      note(`key ${made.keyId} of ${made.clientId}, with all management scopes, shown once`)
      if (json === true) printJson({ key: made.key.reveal(), id: made.keyId, clientId: made.clientId })
      else printLine(made.key.reveal())
    } finally {
      lock.release()
    }
  })
