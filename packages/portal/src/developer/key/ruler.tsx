/** Names the parts of the key above it, which stays one text. The widths are those of its parts in characters. */
import type { ReactNode } from 'react'
import { text } from '../../shared/text.ts'

const { ruler, checksum } = text.reveal

/** A prefix of another length than two has no ruler: the parts would not stand below theirs. */
export function Ruler({ prefixLength }: { readonly prefixLength: number }): ReactNode {
  if (prefixLength !== 3) return null
  return (
    <div className="ruler" aria-hidden="true">
      <i className="w2">
        <span>{ruler.prefix}</span>
      </i>
      <i className="sep" />
      <i className="w4">
        <span>{ruler.environment}</span>
      </i>
      <i className="sep" />
      <i className="w12">
        <span>{ruler.id}</span>
      </i>
      <i className="sep" />
      <i className="w32">
        <span>{ruler.secret}</span>
      </i>
      <i className="w6">
        <span>{checksum}</span>
      </i>
    </div>
  )
}
