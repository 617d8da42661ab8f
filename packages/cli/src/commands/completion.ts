import { type Command, InvalidArgumentError, type Option } from 'commander'
import { commands } from '../commands.ts'
import { leaf } from '../flags.ts'
import { printJson } from '../output.ts'

const shells = { bash, zsh, fish } as const

export const completionCommand = leaf('completion')
  .description('a completion script: countersign completion bash > /etc/bash_completion.d/countersign')
  .argument('<shell>', 'bash, zsh or fish', (text) => {
    if (text in shells) return text as keyof typeof shells
    throw new InvalidArgumentError('must be bash, zsh or fish')
  })
  .action(async (shell: keyof typeof shells, { json }: { readonly json?: true }) => {
    const loaded = await Promise.all(commands.map(({ load }) => load()))
    const script = shells[shell](loaded.flatMap((command) => wordsOf(command, [])))
    if (json === true) printJson({ shell, script })
    else process.stdout.write(script)
  })

/** The words that can follow a command: the commands below it, and its flags. */
interface Words {
  readonly path: readonly string[]
  readonly below: readonly { readonly name: string; readonly description: string }[]
  readonly flags: readonly { readonly name: string; readonly description: string }[]
}

function wordsOf(command: Command, above: readonly string[]): readonly Words[] {
  const path = [...above, command.name()]
  const below = command.commands.map((each) => ({ name: each.name(), description: each.description() }))
  const flags = command.options
    .filter((option: Option) => option.long !== undefined)
    .map((option: Option) => ({ name: option.long as string, description: option.description }))
  return [{ path, below, flags }, ...command.commands.flatMap((each) => wordsOf(each, path))]
}

function candidates({ below, flags }: Words): string {
  return [...below.map(({ name }) => name), ...flags.map(({ name }) => name), '--help'].join(' ')
}

function names(): string {
  return [...commands.map(({ name }) => name), '--help', '--version'].join(' ')
}

function bash(all: readonly Words[]): string {
  const cases = all.map((words) => `    "${words.path.join(' ')}") words="${candidates(words)}" ;;`)
  return `_countersign() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) break ;; esac
    path="\${path:+$path }$word"
  done
  case "$path" in
    "") words="${names()}" ;;
${cases.join('\n')}
    *) words="" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ \${#COMPREPLY[@]} -eq 0 ] && COMPREPLY=($(compgen -f -- "$current"))
}
complete -o filenames -F _countersign countersign
`
}

function zsh(all: readonly Words[]): string {
  const cases = all.map((words) => `    "${words.path.join(' ')}") candidates=(${candidates(words)}) ;;`)
  return `#compdef countersign
_countersign() {
  local called="" word
  local -a candidates
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$word" in -*) break ;; esac
    called="\${called:+$called }$word"
  done
  case "$called" in
    "") candidates=(${names()}) ;;
${cases.join('\n')}
  esac
  compadd -a candidates || _files
}
compdef _countersign countersign
`
}

function fish(all: readonly Words[]): string {
  const quote = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`
  const top = commands.map(
    ({ name, description }) =>
      `complete -c countersign -n __fish_use_subcommand -f -a ${name} -d ${quote(description)}`,
  )
  const rest = all.flatMap(({ path, below, flags }) => {
    const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ')
    return [
      ...below.map(
        ({ name, description }) => `complete -c countersign -n '${seen}' -f -a ${name} -d ${quote(description)}`,
      ),
      ...flags.map(
        ({ name, description }) => `complete -c countersign -n '${seen}' -l ${name.slice(2)} -d ${quote(description)}`,
      ),
    ]
  })
  return `${[...top, ...rest].join('\n')}\n`
}
