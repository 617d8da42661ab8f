/** In place of a secret that was shown once. */
import type { ReactNode } from 'react'
import { Icon } from '../../shared/kit/icon.tsx'

interface AlreadyShownProps {
  readonly words: { readonly already: string; readonly alreadyDetail: string }
}

export function AlreadyShown({ words }: AlreadyShownProps): ReactNode {
  return (
    <section className="notice" role="status">
      <Icon name="eye" />
      <div className="stack">
        <h2>{words.already}</h2>
        <p>{words.alreadyDetail}</p>
      </div>
    </section>
  )
}
