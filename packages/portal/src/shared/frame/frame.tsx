/** The frame of every screen. */
import { type ReactNode, useState } from 'react'
import { useSessionEnded } from '../api/session_state.ts'
import { Icon } from '../kit/icon.tsx'
import { Toasts } from '../kit/toasts.tsx'
import { pageData, through } from '../page_data.ts'
import { text } from '../text.ts'
import { Help } from './help.tsx'
import { Side } from './side.tsx'
import { Top } from './top.tsx'
import { useShortcuts } from './use_shortcuts.ts'

export function Frame({ children }: { readonly children: ReactNode }): ReactNode {
  const [isHelpOpen, setHelpOpen] = useState(false)
  useShortcuts(() => setHelpOpen(true))
  return (
    <>
      <a className="skip" href="#main">
        {text.frame.skip}
      </a>
      <div className="frame">
        <Top onHelp={() => setHelpOpen(true)} />
        <Side />
        <main className="main" id="main" tabIndex={-1}>
          <SessionEnded />
          {children}
        </main>
      </div>
      <Toasts />
      <Help isOpen={isHelpOpen} onOpenChange={setHelpOpen} />
    </>
  )
}

function SessionEnded(): ReactNode {
  if (!useSessionEnded()) return null
  return (
    <section className="notice warn session" role="alert">
      <Icon name="warning" />
      <div className="stack">
        <h2>{text.session.ended}</h2>
        <p>{text.session.endedDetail}</p>
        <a className="button primary" href={through(`${pageData.base}/login`)}>
          {text.session.signIn}
        </a>
      </div>
    </section>
  )
}
