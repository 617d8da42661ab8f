import { access } from './access.ts'
import { administrators } from './administrators.ts'
import { answerWorkMutants } from './answer_work.ts'
import { audit } from './audit.ts'
import { authority } from './authority.ts'
import { callMutants } from './calls.ts'
import { clockAhead } from './clock_ahead.ts'
import { credentialHeaders } from './credential_headers.ts'
import { database } from './database.ts'
import { dropTimeMutants } from './drop_time.ts'
import { factorMutants } from './factors.ts'
import { firstTable } from './first_table.ts'
import { fullDisk } from './full_disk.ts'
import { issuerMutants } from './issuers.ts'
import { mailMutants } from './mail.ts'
import type { Mutant } from './mutant.ts'
import { namesAndLooks } from './names_and_looks.ts'
import { peopleMutants } from './people.ts'
import { positionMutants } from './positions.ts'
import { reachMutants } from './reach.ts'
import { rollbackMutants } from './rollback.ts'
import { sharedResourceMutants } from './shared_resources.ts'
import { signInClientMutants } from './sign_in_clients.ts'

export type { Mutant } from './mutant.ts'

/** A file a subject, so that a mend and its mutant stand in one commit. */
export const mutants: readonly Mutant[] = [
  ...access,
  ...administrators,
  ...answerWorkMutants,
  ...audit,
  ...authority,
  ...callMutants,
  ...clockAhead,
  ...credentialHeaders,
  ...database,
  ...dropTimeMutants,
  ...factorMutants,
  ...firstTable,
  ...fullDisk,
  ...issuerMutants,
  ...mailMutants,
  ...namesAndLooks,
  ...peopleMutants,
  ...positionMutants,
  ...reachMutants,
  ...rollbackMutants,
  ...sharedResourceMutants,
  ...signInClientMutants,
]
