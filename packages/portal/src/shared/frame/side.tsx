import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { isAnswerLost } from '../api/problem.ts'
import { meQuery } from '../api/queries.ts'
import { Status } from '../kit/status.tsx'
import { pageData } from '../page_data.ts'
import { text } from '../text.ts'
import { ScreenLinks } from './screen_links.tsx'

export function Side(): ReactNode {
  const { error, isPending } = useQuery({ ...meQuery, refetchInterval: 30_000 })
  // A refusal is an answer too.
  const isSilent = isAnswerLost(error)
  return (
    <nav className="side" aria-label={text.frame.navigation}>
      <ScreenLinks />
      <footer>
        {isPending ? (
          text.frame.asking
        ) : (
          <Status kind={isSilent ? 'ends' : 'active'} word={isSilent ? text.frame.silent : text.frame.answers} />
        )}
        <br />
        {text.frame.version(pageData.version)}
        <br />
        {text.frame.noData}
      </footer>
    </nav>
  )
}
