import type { ReactNode } from 'react'

/** Prefix, environment and id: nothing of the secret is stored. The prefix of keys is not in a record, so it stands without. */
export function MaskedKey({
  id,
  environment,
}: {
  readonly id: string
  readonly environment: 'live' | 'test'
}): ReactNode {
  return (
    <code className="id">
      <b>{environment}</b>_<span data-id={id}>{id}</span>_…
    </code>
  )
}
