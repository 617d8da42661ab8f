/** The parts of a key's page, each at an address of its own. */
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { text } from '../../shared/text.ts'

/** Without one in the address, the overview is shown. */
export const keyTabs = ['usage', 'history', 'code'] as const
export type KeyTab = (typeof keyTabs)[number]

const words = text.detail.tabs

interface TabsProps {
  readonly keyId: string
  readonly tab: KeyTab | undefined
}

export function Tabs({ keyId, tab }: TabsProps): ReactNode {
  return (
    <nav className="tabs" aria-label={words.label}>
      {([undefined, ...keyTabs] as const).map((each) => (
        <Link
          key={each ?? 'overview'}
          to="/keys/$id"
          params={{ id: keyId }}
          search={each === undefined ? {} : { tab: each }}
          activeOptions={{ exact: true }}
          activeProps={{}}
          aria-current={each === tab ? 'page' : undefined}
          resetScroll={false}
        >
          {words[each ?? 'overview']}
        </Link>
      ))}
    </nav>
  )
}
