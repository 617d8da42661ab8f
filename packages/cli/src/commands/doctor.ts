import { type DatabaseFlags, findDatabase, withDatabase } from '../database.ts'
import { exitCodes } from '../exit.ts'
import { leaf } from '../flags.ts'
import { coloured, printJson, shown } from '../output.ts'

export const doctorCommand = withDatabase(leaf('doctor'))
  .description('checks of this installation, each with what to do about it; exit 1 when one fails')
  .action(async ({ json, ...flags }: DatabaseFlags & { readonly json?: true }) => {
    const { inspectInstallation } = await import('@countersign/server')
    const { inspectRuntime, inspectServer } = await import('../inspect.ts')
    const findings = [
      inspectRuntime(),
      ...inspectInstallation(findDatabase(flags).database, Date.now()),
      ...(await inspectServer(() => Date.now() / 1000)),
    ]
    if (findings.some(({ outcome }) => outcome === 'fail')) process.exitCode = exitCodes.error
    if (json === true) printJson({ data: findings })
    else
      for (const { outcome, check, detail } of findings)
        process.stdout.write(`${coloured(outcome, outcome.padEnd(4))}  ${shown(`${check.padEnd(14)}  ${detail}`)}\n`)
  })
