/** A line of text that the address keeps. The address follows a moment later: until then the line shows what was typed. */
import { type ComponentProps, type ReactNode, useState } from 'react'

interface TypedInputProps extends Omit<ComponentProps<'input'>, 'value' | 'onChange' | 'type'> {
  /** As the address has it. */
  readonly value: string
  /** Gives `false` for a text that must not stay: then the line shows again what the address has. */
  readonly onType: (value: string) => unknown
}

export function TypedInput({ value, onType, ...rest }: TypedInputProps): ReactNode {
  const [typed, setTyped] = useState<string>()
  if (typed === value) setTyped(undefined)
  return (
    <input
      {...rest}
      type="text"
      autoComplete="off"
      value={typed ?? value}
      onChange={({ target }) => {
        // A text that must not stay is never held here.
        const isTaken = onType(target.value) !== false
        setTyped(isTaken ? target.value : undefined)
      }}
      onBlur={() => setTyped(undefined)}
    />
  )
}
