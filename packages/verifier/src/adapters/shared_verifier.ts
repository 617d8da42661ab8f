import { createVerifier, type Verifier } from '../create_verifier.ts'

let shared: Verifier | undefined

/**
 * The verifier of this process, made at first use from `COUNTERSIGN_URL` (the issuer), `COUNTERSIGN_AUDIENCE` and
 * `COUNTERSIGN_KEY`, or the file that `COUNTERSIGN_KEY_FILE` names.
 *
 * @throws TypeError that names all missing variables.
 */
export function sharedVerifier(): Verifier {
  shared ??= createVerifier(readEnvironment())
  return shared
}

function readEnvironment(): Parameters<typeof createVerifier>[0] {
  // Not every runtime has `process`; where there is none, a verifier must be given.
  const env: Readonly<Record<string, string | undefined>> = globalThis.process?.env ?? {}
  const issuer = env.COUNTERSIGN_URL
  const audience = env.COUNTERSIGN_AUDIENCE
  const keyFile = env.COUNTERSIGN_KEY_FILE
  if (env.COUNTERSIGN_KEY && keyFile) throw new TypeError('set COUNTERSIGN_KEY or COUNTERSIGN_KEY_FILE, not both')
  const credential = env.COUNTERSIGN_KEY || (keyFile ? readKeyFile(keyFile) : undefined)
  if (issuer && audience && credential) return { issuer, audience, credential }
  const missing = [
    ...(issuer ? [] : ['COUNTERSIGN_URL']),
    ...(audience ? [] : ['COUNTERSIGN_AUDIENCE']),
    ...(credential ? [] : ['COUNTERSIGN_KEY']),
  ]
  throw new TypeError(`give protect a verifier, or set ${missing.join(', ')}`)
}

/** Asks the runtime for the module instead of importing it, so that the adapters load where there are no files. */
function readKeyFile(path: string): string {
  return globalThis.process.getBuiltinModule('node:fs').readFileSync(path, 'utf8').trim()
}
