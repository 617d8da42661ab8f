/** An address as a form sends it. */
import { email } from '@countersign/contract'

/** Whether the management API would take it: one rule for both. */
export function isEmail(text: string): boolean {
  return email.safeParse(text).success
}
