import { existsSync } from 'node:fs'
import { formatTime } from '@countersign/core'
import { type DatabaseFlags, findDatabase, withDatabase } from '../database.ts'
import { CommandError } from '../exit.ts'
import { leaf } from '../flags.ts'
import { note, printJson } from '../output.ts'

interface Flags extends DatabaseFlags {
  readonly json?: true
  readonly revocations?: string
}

export const restoreCommand = withDatabase(leaf('restore'))
  .description('put a backup in the place of the database; what was revoked since stays revoked')
  .argument('<file>', 'the file that countersign backup made')
  .option('--revocations <file>', 'a log kept outside the database: lines of GET /v1/feed/snapshot')
  .action(async (file: string, { json, revocations, ...flags }: Flags) => {
    const place = findDatabase(flags)
    // Another database is refused below, whatever the files.
    for (const named of place.database.startsWith('sqlite:') ? [file, revocations] : []) {
      if (named !== undefined && !existsSync(named)) throw new CommandError('notFound', `${named} does not exist`)
    }
    const { restore } = await import('@countersign/server')
    const restored = await restore({
      ...place,
      backup: file,
      ...(revocations === undefined ? {} : { revocations }),
      now: () => Date.now() / 1000,
    })
    const { keptAs, merged, backupAt, unknown, auditBrokenAt, epoch } = restored
    const span = unknown === null ? null : { ...unknown, from: formatTime(unknown.from), to: formatTime(unknown.to) }
    if (json === true) {
      printJson({
        file: restored.file,
        epoch,
        keptAs,
        merged,
        backupAt: formatTime(backupAt),
        unknown: span,
        auditBrokenAt,
      })
    } else {
      note(`${restored.file} is restored, as of ${formatTime(backupAt)}; a new feed epoch begins`)
      if (keptAs !== null) note(`the former database is kept as ${keptAs}`)
      note(`changes merged from it: ${merged}; what was revoked, disabled, narrowed or ended since stays so`)
    }
    if (span !== null) {
      note(`countersign: ${span.why}: what was revoked from ${span.from} to ${span.to} is not known and is live again`)
      note('revoke again what you know of, or restore with --revocations FILE')
      note('verifiers that run on hand back the revocations they had applied, once a server is up; no others')
    }
    if (auditBrokenAt !== null)
      note(`countersign: the backup’s audit log does not verify from event ${auditBrokenAt} on`)
  })
