/** The `countersign` command: one file a command below `commands/`; this one joins them and turns errors into exits. */
import { Command, CommanderError } from 'commander'
import { devCommand } from './commands/dev.ts'
import { serveCommand } from './commands/serve.ts'
import { exitCodes } from './exit.ts'
import { describeFailure } from './failure.ts'
import { version } from './version.ts'

const program = new Command('countersign')
  .description('API keys, JWTs and OAuth tokens from one model: issued, verified, limited, changed and revoked')
  .version(version)
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'countersign: ')) })

for (const command of [devCommand, serveCommand]) {
  program.addCommand(command.exitOverride().configureOutput(program.configureOutput()))
}

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has said what is wrong; help and version are no errors.
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  } else {
    const { message, exitCode } = describeFailure(error)
    process.stderr.write(`countersign: ${message}\n`)
    process.exitCode = exitCode
  }
}
