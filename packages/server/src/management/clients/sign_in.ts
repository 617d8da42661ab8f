/** How a client signs people in. */
import type { Client, ClientSignIn } from '@countersign/store'
import { redirectUriFlaw } from '../../oauth/authorization/redirect_uri.ts'
import { idTokenAlgDefault } from '../../oauth/person/id_token.ts'
import { invalid } from '../find.ts'

/** The settings as a body has them. */
type Input = { readonly [Setting in keyof ClientSignIn]?: ClientSignIn[Setting] | undefined }

/** A client that nobody has set anything for is known here, asks for consent, needs PKCE, and signs nobody in. */
const usual: Required<ClientSignIn> = {
  redirectUris: [],
  verified: true,
  consent: 'ask',
  requirePkce: true,
  postLogoutRedirectUris: [],
  offlineAccess: false,
  idTokenAlg: idTokenAlgDefault,
}

/** The member of a record; absent where nothing was set, now or before. */
export function signInOf(input: Input, type: Client['type'], before?: Client): Pick<Client, 'signIn'> {
  requireUris(input.redirectUris, 'redirectUris', type)
  requireUris(input.postLogoutRedirectUris, 'postLogoutRedirectUris', type)
  const set = Object.fromEntries(
    Object.keys(usual).flatMap((name) => {
      const value = input[name as keyof Input]
      return value === undefined ? [] : [[name, value]]
    }),
  )
  if (Object.keys(set).length === 0) return before?.signIn === undefined ? {} : { signIn: before.signIn }
  return { signIn: { ...usual, ...before?.signIn, ...set } }
}

function requireUris(uris: readonly string[] = [], member: string, type: Client['type']): void {
  for (const [index, uri] of uris.entries()) {
    const flaw = redirectUriFlaw(uri, type)
    if (flaw !== undefined) throw invalid(`/${member}/${index}`, flaw)
    if (uris.indexOf(uri) !== index) throw invalid(`/${member}/${index}`, 'comes twice')
  }
}

export function signInView({ signIn }: Pick<Client, 'signIn'>) {
  const { idTokenAlg, ...shown } = { ...usual, ...signIn }
  return { ...shown, idTokenAlg: idTokenAlg as 'RS256' }
}
