/**
 * A secret as one text, which is selected byte for byte. It is put into the element by hand, so that no property of a component ever
 * has it, and taken out when the element goes.
 */
import { type ReactNode, type RefObject, useEffect } from 'react'

interface SecretTextProps {
  /** Gives the secret. The same function for as long as it is the same secret. */
  readonly read: () => string
  readonly label: string
  readonly ref: RefObject<HTMLDivElement | null>
}

export function SecretText({ read, label, ref }: SecretTextProps): ReactNode {
  useEffect(() => {
    const element = ref.current
    if (element !== null) element.textContent = read()
    return () => {
      if (element !== null) element.textContent = ''
    }
  }, [read, ref])
  return (
    // biome-ignore lint/a11y/useSemanticElements: a field would not be one text that is selected byte for byte.
    <div className="secret" ref={ref} tabIndex={0} role="textbox" aria-readonly="true" aria-label={label} />
  )
}
