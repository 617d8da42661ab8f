import type { ListId } from '@countersign/client'
import { type Command, InvalidArgumentError, type Option } from 'commander'
import { commands } from '../commands.ts'
import { leaf } from '../flags.ts'
import { printJson, printLine } from '../output.ts'

const shells = { bash, zsh, fish } as const

/** For the scripts alone: the ids that can follow a command, or nothing. */
const ids = 'ids'

export const completionCommand = leaf('completion')
  .description('a completion script: countersign completion bash > /etc/bash_completion.d/countersign')
  .argument('<shell>', 'bash, zsh or fish', (text) => {
    if (text in shells || text === ids) return text as keyof typeof shells | typeof ids
    throw new InvalidArgumentError('must be bash, zsh or fish')
  })
  .argument('[command]')
  .action(
    async (
      shell: keyof typeof shells | typeof ids,
      command: string | undefined,
      { json }: { readonly json?: true },
    ) => {
      if (shell === ids) return printIds(command ?? '')
      const loaded = await Promise.all(commands.map(({ load }) => load()))
      const script = shells[shell](loaded.flatMap((each) => wordsOf(each, [])))
      if (json === true) printJson({ shell, script })
      else process.stdout.write(script)
    },
  )

/** One id a line. A shell that completes must not be disturbed by what is wrong with a server. */
async function printIds(command: string): Promise<void> {
  const list = lists[command as keyof typeof lists]
  if (list === undefined) return
  try {
    const { connectToServer } = await import('../connection.ts')
    const query = { limit: 100 }
    const page = await connectToServer().management[list.operation]({ query })
    for (const item of page.data) printLine(String((item as Readonly<Record<string, unknown>>)[list.id]))
  } catch {
    // Nothing to offer.
  }
}

/** By the first word of a command that takes an id. */
const lists = {
  keys: { operation: 'listKeys', id: 'id' },
  clients: { operation: 'listClients', id: 'clientId' },
  apis: { operation: 'listApis', id: 'id' },
  token: { operation: 'listTokens', id: 'jti' },
  issuers: { operation: 'listIssuers', id: 'id' },
  tenants: { operation: 'listTenants', id: 'id' },
} as const satisfies Readonly<Record<string, { readonly operation: ListId; readonly id: string }>>

/** The words that can follow a command: the commands below it, its flags, and ids of what it works on. */
interface Words {
  readonly path: readonly string[]
  readonly below: readonly { readonly name: string; readonly description: string }[]
  readonly flags: readonly { readonly name: string; readonly description: string }[]
  readonly takesId: boolean
}

const idNames = new Set(['id', 'id|audience', 'id|slug', 'jti', 'client', 'client|secret'])

function wordsOf(command: Command, above: readonly string[]): readonly Words[] {
  const path = [...above, command.name()]
  const below = command.commands.map((each) => ({ name: each.name(), description: each.description() }))
  const flags = command.options
    .filter((option: Option) => option.long !== undefined)
    .map((option: Option) => ({ name: option.long as string, description: option.description }))
  const [first] = command.registeredArguments
  const takesId = first !== undefined && idNames.has(first.name()) && (path[0] as string) in lists
  return [{ path, below, flags, takesId }, ...command.commands.flatMap((each) => wordsOf(each, path))]
}

function candidates({ below, flags }: Words): string {
  return [...below.map(({ name }) => name), ...flags.map(({ name }) => name), '--help'].join(' ')
}

function names(): string {
  return [...commands.map(({ name }) => name), '--help', '--version'].join(' ')
}

/** A shell pattern of every command that takes an id. */
function idPattern(all: readonly Words[]): string {
  return all.flatMap(({ path, takesId }) => (takesId ? [`"${path.join(' ')}"`] : [])).join('|')
}

/** A shell pattern of every command: words that are none, such as ids and flags, end no path. */
function pathPattern(all: readonly Words[]): string {
  return all.map(({ path }) => `"${path.join(' ')}"`).join('|')
}

function bash(all: readonly Words[]): string {
  const cases = all.map((words) => `    "${words.path.join(' ')}") words="${candidates(words)}" ;;`)
  return `_countersign() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in
      ${pathPattern(all)}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
    "") words="${names()}" ;;
${cases.join('\n')}
    *) words="" ;;
  esac
  case "$current" in
    -*) ;;
    *) case "$path" in ${idPattern(all)}) words="$words $(countersign completion ids "\${path%% *}" 2>/dev/null)" ;; esac ;;
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
    case "\${called:+$called }$word" in
      ${pathPattern(all)}) called="\${called:+$called }$word" ;;
    esac
  done
  case "$called" in
    "") candidates=(${names()}) ;;
${cases.join('\n')}
  esac
  case "$called" in
    ${idPattern(all)}) candidates+=(\${(f)"$(countersign completion ids "\${called%% *}" 2>/dev/null)"}) ;;
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
  const rest = all.flatMap(({ path, below, flags, takesId }) => {
    const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ')
    return [
      ...below.map(
        ({ name, description }) => `complete -c countersign -n '${seen}' -f -a ${name} -d ${quote(description)}`,
      ),
      ...flags.map(
        ({ name, description }) => `complete -c countersign -n '${seen}' -l ${name.slice(2)} -d ${quote(description)}`,
      ),
      ...(takesId
        ? [`complete -c countersign -n '${seen}' -f -a '(countersign completion ids ${path[0]} 2>/dev/null)'`]
        : []),
    ]
  })
  return `${[...top, ...rest].join('\n')}\n`
}
