/** A picture that a body names as `logoUri`: fetched before the transaction, which waits for nobody's server. */
import type { Logo } from '@countersign/store'
import { OutboundError } from '../../outbound/outbound_error.ts'
import { fetchLogo, LogoError } from '../../people/logo.ts'
import type { ReadContext } from '../context.ts'
import { invalid } from '../find.ts'

export type Picture = Pick<Logo, 'digest' | 'type' | 'content'>

/** Throws 400 where there is no picture. */
export async function fetchPicture(
  { services }: Pick<ReadContext, 'services'>,
  logoUri: string | null | undefined,
): Promise<Picture | undefined> {
  if (logoUri == null) return undefined
  try {
    return await fetchLogo(services.outbound, logoUri)
  } catch (error) {
    if (!(error instanceof OutboundError) && !(error instanceof LogoError)) throw error
    throw invalid('/logoUri', `leads to no picture: ${error.message}`)
  }
}
