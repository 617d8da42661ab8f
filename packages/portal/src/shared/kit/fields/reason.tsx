/** The reason of a final act, for the audit log. `FinalDialog` hands it on, and a closed dialog keeps none. */
import type { ReactNode } from 'react'
import { text } from '../../text.ts'

export function Reason(): ReactNode {
  return (
    <div className="labelled">
      <label htmlFor="reason">{text.act.reason}</label>
      <input id="reason" name="reason" className="input" maxLength={500} />
    </div>
  )
}
