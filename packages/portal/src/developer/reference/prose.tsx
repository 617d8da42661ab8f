/** A text of an API description. Its Markdown is read once that part of the program is there; until then it stands as it is. */
import { lazy, type ReactNode, Suspense } from 'react'

const Markdown = lazy(() => import('./markdown.tsx'))

export function Prose({ of }: { readonly of: string | undefined }): ReactNode {
  if (of === undefined) return null
  return (
    <Suspense fallback={<p className="plain">{of}</p>}>
      <Markdown of={of} />
    </Suspense>
  )
}
