import { connectToServer } from '../connection.ts'
import { CommandError, exitCodes } from '../exit.ts'
import { leaf } from '../flags.ts'
import { note, printJson, printRecord, printTable } from '../output.ts'
import { onlyAudience } from '../profile.ts'
import { readSecretInput } from '../standard_input.ts'

interface Flags {
  readonly json?: true
  readonly audience?: string
  readonly scope?: string
  readonly anyScope?: string
  readonly method?: string
  readonly path?: string
  readonly ip?: string
  readonly origin?: string
  readonly explain?: true
}

export const verifyCommand = leaf('verify')
  .description('judge a credential from standard input; exit 0 active, 7 not active')
  .argument('[-]')
  .option('--audience <uri>', 'the API that it is for; default: COUNTERSIGN_AUDIENCE or the only one of the profile')
  .option('--scope <scope>', 'it must have all of these')
  .option('--any-scope <scope>', 'it must have one of these')
  .option('--method <method>', 'the method of the request; goes with --path')
  .option('--path <path>', 'the path of the request, judged by the document of the API')
  .option('--ip <address>', 'the address that the request comes from')
  .option('--origin <origin>', 'the Origin header of the request')
  .option('--explain', 'every check in the order in which they are made, and how it went')
  .action(async (source: string | undefined, { json, audience: given, ...question }: Flags) => {
    if (source !== undefined && source !== '-') {
      throw new CommandError('usage', 'secrets are never arguments: pipe the credential to standard input')
    }
    const { management, profile } = connectToServer()
    const audience = given ?? process.env.COUNTERSIGN_AUDIENCE ?? onlyAudience(profile)
    if (audience === undefined)
      throw new CommandError('usage', '--audience is missing: the API that the credential is for')
    const credential = (await readSecretInput('the credential')).reveal()
    const verdict = await management.verify({ body: { credential, audience, ...question } })
    if (!verdict.active) process.exitCode = exitCodes.no
    if (json === true) return printJson(verdict)
    const rows = (verdict.checks ?? []).map(({ name, result, has, needs }) => [result, name, has ?? '', needs ?? ''])
    if (rows.length > 0) printTable(['RESULT', 'CHECK', 'HAS', { title: 'NEEDS', is: 'extra' }], rows)
    if (verdict.active) return printRecord({ active: true, ...verdict.grant, rateLimit: verdict.rateLimit })
    const { code, detail, missingScope } = verdict
    printRecord({ active: false, code, detail, missingScope })
    note(`not active: ${code}`)
  })
