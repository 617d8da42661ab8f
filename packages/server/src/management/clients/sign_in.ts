/** How a client signs people in. */
import type { Client, ClientSignIn } from '@countersign/store'
import { redirectUriFlaw } from '../../oauth/authorization/redirect_uri.ts'
import { invalid } from '../find.ts'

interface Input {
  readonly redirectUris?: readonly string[] | undefined
  readonly verified?: boolean | undefined
  readonly consent?: 'ask' | 'skip' | undefined
  readonly requirePkce?: boolean | undefined
}

/** A client that nobody has set anything for is known here, asks for consent, needs PKCE, and signs nobody in. */
const usual: ClientSignIn = { redirectUris: [], verified: true, consent: 'ask', requirePkce: true }

/** The member of a record; absent where nothing was set, now or before. */
export function signInOf(input: Input, type: Client['type'], before?: Client): Pick<Client, 'signIn'> {
  const { redirectUris, verified, consent, requirePkce } = input
  for (const [index, uri] of (redirectUris ?? []).entries()) {
    const flaw = redirectUriFlaw(uri, type)
    if (flaw !== undefined) throw invalid(`/redirectUris/${index}`, flaw)
    if (redirectUris?.indexOf(uri) !== index) throw invalid(`/redirectUris/${index}`, 'comes twice')
  }
  const isSet = [redirectUris, verified, consent, requirePkce].some((value) => value !== undefined)
  if (!isSet) return before?.signIn === undefined ? {} : { signIn: before.signIn }
  const known = before?.signIn ?? usual
  return {
    signIn: {
      redirectUris: redirectUris ?? known.redirectUris,
      verified: verified ?? known.verified,
      consent: consent ?? known.consent,
      requirePkce: requirePkce ?? known.requirePkce,
    },
  }
}

export function signInView({ signIn = usual }: Pick<Client, 'signIn'>): ClientSignIn {
  const { redirectUris, verified, consent, requirePkce } = signIn
  return { redirectUris, verified, consent, requirePkce }
}
