/** One process of several that share a file of credentials: says its token, for tests only. */
import { createProgramSignIn, credentialFile } from '../node.ts'

const [issuer = '', file = '', nowText = ''] = process.argv.slice(2)
const program = createProgramSignIn({
  issuer,
  clientId: 'client_1',
  store: credentialFile(file),
  open: () => {},
  now: () => Number(nowText),
})
process.stdout.write(await program.token())
