/** A line of text that the address keeps. The address follows a moment later: until then the line shows what was typed. */
import { type ComponentProps, type ReactNode, useState } from 'react'

interface TypedInputProps extends Omit<ComponentProps<'input'>, 'value' | 'onChange' | 'type'> {
  /** As the address has it. */
  readonly value: string
  readonly onType: (value: string) => void
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
        setTyped(target.value)
        onType(target.value)
      }}
      onBlur={() => setTyped(undefined)}
    />
  )
}
