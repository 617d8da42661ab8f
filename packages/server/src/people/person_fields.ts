/** The members of a person, as a form sends them. */
import { email, personName } from '@countersign/contract'

/** Whether the management API would take it: one rule for both. */
export function isEmail(text: string): boolean {
  return email.safeParse(text).success
}

/** Besides, a name is one line: it stands in lists and in mails. */
export function isName(text: string): boolean {
  return personName.safeParse(text).success && !/\p{Cc}/u.test(text)
}
