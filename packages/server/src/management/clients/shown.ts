/** Picture and home page of a client, which people see where they let it in. */
import type { routes } from '@countersign/contract'
import type { Client } from '@countersign/store'
import type { ReadContext, WriteContext } from '../context.ts'
import { findClient, invalid } from '../find.ts'
import { fetchPicture, type Picture } from '../people/picture.ts'

type Body = {
  readonly logoUri?: string | null | undefined
  readonly homepageUri?: string | null | undefined
}

/** The picture, or why there is none: that is thrown only where no answer of before is given again. */
export type Fetched = { readonly picture: Picture | undefined } | { readonly error: unknown }

export function fetchForNew(context: ReadContext<typeof routes.createClient>): Promise<Fetched> {
  return fetched(context, context.body)
}

/** Nothing is fetched for a client that is out of reach. */
export async function fetchForChange(context: ReadContext<typeof routes.updateClient>): Promise<Fetched> {
  if (context.body.logoUri != null) await findClient(context, context.params.clientId as string)
  return fetched(context, context.body)
}

async function fetched(context: ReadContext, { logoUri }: Body): Promise<Fetched> {
  try {
    return { picture: await fetchPicture(context, logoUri) }
  } catch (error) {
    return { error }
  }
}

/** The members of the record. What is not sent stays; `null` takes it away. */
export function shownOf(
  { logoUri, homepageUri }: Body,
  fetched: Fetched,
  before: Pick<Client, 'logo' | 'homepageUri'> = {},
): Pick<Client, 'logo' | 'homepageUri'> {
  if ('error' in fetched) throw fetched.error
  const { picture } = fetched
  const logo = logoUri === undefined ? before.logo : picture && { uri: logoUri ?? '', digest: picture.digest }
  const home = homepageUri === undefined ? before.homepageUri : (homepageUri ?? undefined)
  if (homepageUri != null) requireHome(homepageUri)
  return { ...(logo === undefined ? {} : { logo }), ...(home === undefined ? {} : { homepageUri: home }) }
}

function requireHome(homepageUri: string): void {
  const { protocol, username, password } = new URL(homepageUri)
  if (protocol !== 'https:' || username !== '' || password !== '')
    throw invalid('/homepageUri', 'must be an https URL without a user')
}

export function withoutShown({ logo: _, homepageUri: __, ...client }: Client): Omit<Client, 'logo' | 'homepageUri'> {
  return client
}

export function shownView({ logo, homepageUri }: Client) {
  return { logoUri: logo?.uri ?? null, homepageUri: homepageUri ?? null }
}

/** Keeps the picture of the changed client, and removes one that nobody shows any more. */
export async function keepPicture(
  { now, transaction }: WriteContext,
  client: Client,
  fetched: Fetched,
  before?: Client,
): Promise<void> {
  const picture = 'picture' in fetched ? fetched.picture : undefined
  const createdAt = Math.floor(now)
  if (picture !== undefined) await transaction.logos.put({ tenant: client.tenant, ...picture, createdAt })
  if (before?.logo !== undefined && before.logo.digest !== client.logo?.digest)
    await transaction.logos.deleteUnused(client.tenant, before.logo.digest)
}
