import { type DatabaseFlags, findDatabase, withDatabase } from '../database.ts'
import { exitCodes } from '../exit.ts'
import { leaf } from '../flags.ts'
import { coloured, printJson, shown } from '../output.ts'
import { findProfileFile } from '../profile.ts'

interface Flags extends DatabaseFlags {
  readonly json?: true
  readonly config?: string
}

export const doctorCommand = withDatabase(leaf('doctor'))
  .description('checks of this installation, each with what to do about it; exit 1 when one fails')
  .option('--config <file>', 'the settings of serve, as it takes them')
  .action(async ({ json, config: file, ...flags }: Flags) => {
    const { inspectInstallation, inspectSettings } = await import('@countersign/server')
    const { inspectRuntime, inspectServer } = await import('../inspect.ts')
    const isServe = file !== undefined || isServeMachine(flags)
    const settings = isServe ? await inspectSettings(process.env, file) : undefined
    const { database, masterKey } = settings?.config ?? findDatabase(flags)
    const findings = [
      inspectRuntime(),
      ...(settings?.findings ?? []),
      ...inspectInstallation(database, Date.now(), { masterKey, isServe }),
      ...(await inspectServer(() => Date.now() / 1000)),
    ]
    if (findings.some(({ outcome }) => outcome === 'fail')) process.exitCode = exitCodes.error
    if (json === true) printJson({ data: findings })
    else
      for (const { outcome, check, detail } of findings)
        process.stdout.write(`${coloured(outcome, outcome.padEnd(4))}  ${shown(`${check.padEnd(14)}  ${detail}`)}\n`)
  })

/** Where no `dev` has been and no database is named, the settings of `serve` are what would be started with. */
function isServeMachine({ database, data }: DatabaseFlags): boolean {
  return database === undefined && data === undefined && findProfileFile(process.cwd()) === undefined
}
