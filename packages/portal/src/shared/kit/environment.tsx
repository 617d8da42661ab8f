import type { ReactNode } from 'react'
import { text } from '../text.ts'

export function Environment({ of }: { readonly of: 'live' | 'test' }): ReactNode {
  return (
    <span className={of === 'test' ? 'env test' : 'env'}>{of === 'test' ? text.create.test : text.create.live}</span>
  )
}
