import type { Answer } from '@countersign/client'
import { Command } from 'commander'
import { connectToServer } from '../../connection.ts'
import { CommandError } from '../../exit.ts'
import { leaf, oneOf } from '../../flags.ts'
import { printJson, printRecord } from '../../output.ts'

interface Json {
  readonly json?: true
}

const ways = ['password', 'passkey', 'mail-code'] as const
type Way = (typeof ways)[number]
const opennesses = ['open', 'invited', 'off'] as const
type Openness = (typeof opennesses)[number]

function print({ colors, signIn, ...settings }: Answer<'getSettings'>): void {
  const offered = [signIn.password, signIn.passkey, signIn.mailCode]
  const shown = colors === null ? null : `${colors.accent}, on a dark ground ${colors.accentDark}`
  printRecord({ ...settings, colors: shown, signIn: ways.filter((_, index) => offered[index]).join(', ') })
}

/** Several with commas. */
function waysOf(text: string): readonly Way[] {
  const choose = oneOf(...ways)
  return text.split(',').map((each) => choose(each.trim()))
}

const show = leaf('show')
  .description('the settings of the tenant')
  .action(async ({ json }: Json) => {
    const settings = await connectToServer().management.getSettings()
    if (json === true) printJson(settings)
    else print(settings)
  })

interface UpdateFlags extends Json {
  readonly name?: string
  readonly logo?: string | false
  readonly accent?: string
  readonly accentDark?: string
  readonly colors?: boolean
  readonly signIn?: readonly Way[]
  readonly signUp?: Openness
  readonly portal?: Openness
}

const update = withSettings(leaf('update'))
  .description('change settings; what is not given stays')
  .action(async (flags: UpdateFlags) => {
    const body = bodyOf(flags)
    if (Object.keys(body).length === 0) throw new CommandError('usage', 'nothing to change: give at least one flag')
    const settings = await connectToServer().management.updateSettings({ body })
    if (flags.json === true) printJson(settings)
    else print(settings)
  })

function withSettings(command: Command): Command {
  return command
    .option('--name <name>', 'the name that stands on every page')
    .option('--logo <uri>', 'a picture to fetch now and show: PNG, JPEG or WebP, at most 64 KB')
    .option('--no-logo', 'show no picture')
    .option('--accent <#rrggbb>', 'the colour of what can be acted on')
    .option('--accent-dark <#rrggbb>', 'the same on a dark ground; default: made from --accent')
    .option('--no-colors', 'the colours of the house')
    .option('--sign-in <ways>', `the ways in that are offered, with commas: ${ways.join(', ')}`, waysOf)
    .option('--sign-up <who>', 'who may become an account', oneOf(...opennesses))
    .option('--portal <who>', 'who gets a team', oneOf(...opennesses))
}

function bodyOf({ name, logo, accent, accentDark, colors, signIn, signUp, portal }: UpdateFlags) {
  if (accent === undefined && accentDark !== undefined)
    throw new CommandError('usage', '--accent-dark goes with --accent')
  if (accent !== undefined && colors === false)
    throw new CommandError('usage', '--accent and --no-colors exclude each other')
  const chosen = accent === undefined ? null : { accent, ...(accentDark === undefined ? {} : { accentDark }) }
  return {
    ...(name === undefined ? {} : { name }),
    ...(typeof logo === 'string' ? { logoUri: logo } : logo === false ? { logoUri: null } : {}),
    ...(chosen === null && colors !== false ? {} : { colors: chosen }),
    ...(signIn === undefined
      ? {}
      : {
          signIn: {
            password: signIn.includes('password'),
            passkey: signIn.includes('passkey'),
            mailCode: signIn.includes('mail-code'),
          },
        }),
    ...(signUp === undefined ? {} : { signUp }),
    ...(portal === undefined ? {} : { portal }),
  }
}

export const settingsCommand = new Command('settings')
  .description('what people see of the tenant, and how they come in')
  .addCommand(show)
  .addCommand(update)
