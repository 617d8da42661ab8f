/** `--access AUDIENCE=SCOPE`, and how access is shown. */
import { InvalidArgumentError } from 'commander'
import { type ScopeFlag, scopeFlag } from './flags.ts'

export interface Access {
  readonly audience: string
  readonly scope: ScopeFlag
}

/** The audience is a URI and may hold `=` in its query; a scope token may too: the first `=` behind the path counts. */
export function collectAccess(text: string, before: readonly Access[] = []): readonly Access[] {
  const match = /^([^=\s]+)=(.*)$/s.exec(text)
  if (match === null)
    throw new InvalidArgumentError('must be AUDIENCE=SCOPE, such as "https://api.example=orders:read"')
  return [...before, { audience: match[1] as string, scope: scopeFlag(match[2] as string) }]
}

export function accessLines(access: readonly Access[]): readonly string[] {
  return access.map(({ audience, scope }) => `${audience} (${scope})`)
}
