/** Commands with a placeholder, one at a time, and a button that copies. */
import { type ReactNode, useState } from 'react'
import { text } from '../text.ts'
import { useCopy } from '../use_copy.ts'
import { ScrollingText } from './scrolling.tsx'

interface CodeBlockProps {
  readonly label: string
  /** By their names; at least one. */
  readonly samples: Readonly<Record<string, string>>
}

/** The first is shown where the one that was chosen is gone. */
export function CodeBlock({ label, samples }: CodeBlockProps): ReactNode {
  const names = Object.keys(samples)
  const [wanted, setWanted] = useState<string>()
  const chosen = names.find((name) => name === wanted) ?? names[0] ?? ''
  const sample = samples[chosen] ?? ''
  const { copy, label: word, shown } = useCopy<HTMLPreElement>(sample, text.codeBlock.copy)
  return (
    <section className="code" aria-label={label}>
      <header>
        {names.map((name) => (
          <button key={name} type="button" aria-pressed={name === chosen} onClick={() => setWanted(name)}>
            {name}
          </button>
        ))}
        <span className="grow" />
        <button type="button" onClick={copy} aria-live="polite">
          {word}
        </button>
      </header>
      <ScrollingText ref={shown}>{sample}</ScrollingText>
    </section>
  )
}
