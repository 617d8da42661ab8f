/** A part of a screen whose script is loaded when it is first shown, so that the first page is small. */
import { type ComponentType, lazy, type ReactNode, Suspense } from 'react'
import { text } from '../text.ts'
import { Skeleton } from './states.tsx'

/** `load`: gives the component. */
export function late<P extends object>(load: () => Promise<ComponentType<P>>): (props: P) => ReactNode {
  const Part: ComponentType<P> = lazy(async () => ({ default: await load() }))
  return function Late(props) {
    return (
      <Suspense fallback={<Skeleton rows={3} label={text.frame.loading} />}>
        <Part {...props} />
      </Suspense>
    )
  }
}
