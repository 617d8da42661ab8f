/** From whatever has made recovery codes to the page that shows them. */
import type { Answer } from '../../../http/answer.ts'
import { type Added, keepShown } from '../../factors/own_ways.ts'
import { seeOther } from '../page.ts'
import type { OwnContext } from './own_page.ts'

export const codesPath = '/account/recovery-codes'

/** To the page that shows them, or to the account where none were made. */
export async function showCodes(context: OwnContext, { codes }: Added): Promise<Answer> {
  const { tenant } = context
  if (codes === undefined) return seeOther(`${tenant.issuer}/account`)
  return seeOther(`${tenant.issuer}${codesPath}?shown=${await keepShown(context, codes)}`)
}
