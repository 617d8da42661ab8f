/** Says in our words why a command line is wrong: the flag, its value, and what is allowed. */
import type { Command, CommanderError } from 'commander'
import { quoted } from './identifier.ts'

/** `command` is the one that was called. The text of a value that may be a secret is never repeated. */
export function describeUsage(error: CommanderError, command: Command): string {
  const { code, message } = error
  const name = pathOf(command)
  switch (code) {
    case 'commander.unknownOption': {
      const [, flag = ''] = /unknown option '(.*?)'/s.exec(message) ?? []
      const flags = command.options.flatMap(({ long, hidden }) => (hidden || long == null ? [] : [long]))
      // A secret may follow the equals sign.
      return `${name} has no flag ${quoted(flag.split('=')[0] ?? '')}; it has ${listed([...flags, '--help'])}`
    }
    case 'commander.unknownCommand': {
      const [, word = ''] = /unknown command '(.*?)'/s.exec(message) ?? []
      return `${name} has no command ${quoted(word)}; it has ${listed(command.commands.map((each) => each.name()))}`
    }
    case 'commander.missingArgument': {
      const names = command.registeredArguments.map((argument) =>
        argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
      )
      const [, missing = ''] = /argument '(.*?)'/s.exec(message) ?? []
      return `${name} needs <${missing}>: ${name} ${names.join(' ')}`
    }
    case 'commander.excessArguments': {
      const most = command.registeredArguments.length
      const surplus = command.args.slice(most).map(quoted).join(' ')
      return `${name} takes ${most === 0 ? 'no argument' : `${most} argument${most === 1 ? '' : 's'}`}; ${surplus} is too many`
    }
    case 'commander.optionMissingArgument':
    case 'commander.missingMandatoryOptionValue': {
      const [, flags = ''] = /option '(.*?)'/s.exec(message) ?? []
      const description = command.options.find((option) => option.flags === flags)?.description ?? 'a value'
      const isMissing = code === 'commander.missingMandatoryOptionValue'
      return `${flags.split(' ')[0]} ${isMissing ? 'is missing' : 'needs a value'}: ${description}`
    }
    case 'commander.invalidArgument':
      return describeValue(message)
    default:
      return message.replace(/^error: /, '')
  }
}

/** Commander joins the flag, the value and what its parser said. */
function describeValue(message: string): string {
  const option = /option '(--[\w-]+).*?' argument '(.*)' is invalid\. (.*)$/s.exec(message)
  if (option !== null) return `${option[1]} ${quoted(option[2] ?? '')}: ${option[3]}`
  const argument = /command-argument value '(.*)' is invalid for argument '(.*?)'\. (.*)$/s.exec(message)
  if (argument !== null) return `<${argument[2]}> ${quoted(argument[1] ?? '')}: ${argument[3]}`
  return message.replace(/^error: /, '')
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`
}

function listed(names: readonly string[]): string {
  return names.length === 1 ? String(names[0]) : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
