/** The frame of every screen. */
import { type ReactNode, useState } from 'react'
import { useSessionState } from '../api/session_state.ts'
import { Icon } from '../kit/icon.tsx'
import { Toasts } from '../kit/toasts.tsx'
import { pageData, through } from '../page_data.ts'
import { useAnnouncement } from '../screen_change.ts'
import { text } from '../text.ts'
import { Help } from './help.tsx'
import { Side } from './side.tsx'
import { Top } from './top.tsx'
import { useSecretGate } from './use_secret_gate.ts'
import { useShortcuts } from './use_shortcuts.ts'

export function Frame({ children }: { readonly children: ReactNode }): ReactNode {
  const [isHelpOpen, setHelpOpen] = useState(false)
  useShortcuts(() => setHelpOpen(true))
  useSecretGate()
  return (
    <>
      <a className="skip" href="#main">
        {text.frame.skip}
      </a>
      <div className="frame">
        <Top onHelp={() => setHelpOpen(true)} />
        <Side />
        <main className="main" id="main" tabIndex={-1}>
          <Session />
          {children}
        </main>
      </div>
      <p className="hidden" role="status">
        {useAnnouncement()}
      </p>
      <Toasts />
      <Help isOpen={isHelpOpen} onOpenChange={setHelpOpen} />
    </>
  )
}

function Session(): ReactNode {
  const state = useSessionState()
  const { session } = text
  if (state === 'live') return null
  const [title, detail] =
    state === 'ended' ? [session.ended, session.endedDetail] : [session.other, session.otherDetail]
  return (
    <section className="notice warn session" role="alert">
      <Icon name="warning" />
      <div className="stack">
        <h2>{title}</h2>
        <p>{detail}</p>
        {state === 'ended' ? (
          <a className="button primary" href={through(`${pageData.base}/login`)}>
            {session.signIn}
          </a>
        ) : (
          <a className="button primary" href={`${pageData.base}/portal`}>
            {session.openAnew}
          </a>
        )}
      </div>
    </section>
  )
}
