/** The `countersign` command: one file a command below `commands/`; this one joins them and turns errors into exits. */
import { Command, CommanderError } from 'commander'
import { commands } from './commands.ts'
import { exitCodes } from './exit.ts'
import { describeFailure } from './failure.ts'
import { separateWait } from './flags.ts'
import { note } from './output.ts'
import { describeUsage } from './usage_error.ts'
import { version } from './version.ts'

// `countersign keys list | head`: whoever reads no further is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? exitCodes.ok)
  throw error
})

const program = new Command('countersign')
  .description('API keys, JWTs and OAuth tokens from one model: issued, verified, limited, changed and revoked')
  .version(version)

/** The command whose line was wrong. */
let failing: Command | undefined

try {
  const words = process.argv.slice(2).filter((word) => !word.startsWith('-'))
  const called = words[0] === 'help' ? words[1] : words[0]
  for (const { name, description, load } of commands) {
    program.addCommand(name === called ? await load() : new Command(name).description(description))
  }
  prepare(program)
  await program.parseAsync(separateWait(process.argv.slice(2)), { from: 'user' })
} catch (error) {
  if (error instanceof CommanderError) {
    // Help and version are no errors, and neither is help where a command was left out: its text has been printed.
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    if (error.exitCode !== 0 && error.code !== 'commander.help') {
      note(`countersign: ${describeUsage(error, failing ?? program)}`)
    }
  } else {
    const { message, exitCode } = describeFailure(error)
    if (message !== '') note(`countersign: ${message}`)
    process.exitCode = exitCode
    // A worker's channel to whoever started it would keep it.
    if (process.connected) process.exit()
  }
}

/** Commander would exit by itself, with codes and words of its own. */
function prepare(command: Command): void {
  command
    .exitOverride((error) => {
      failing = command
      throw error
    })
    .configureOutput({ outputError: () => {} })
  for (const below of command.commands) prepare(below)
}
