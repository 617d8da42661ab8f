/** Commands with a placeholder, one at a time, and a button that copies. */

import { type ReactNode, useRef, useState } from 'react'
import { copyText, wordOf } from '../copy.ts'
import { text } from '../text.ts'
import { ScrollingText } from './scrolling.tsx'

interface CodeBlockProps {
  readonly label: string
  readonly samples: Readonly<Record<string, string>>
}

export function CodeBlock({ label, samples }: CodeBlockProps): ReactNode {
  const names = Object.keys(samples)
  const [chosen, setChosen] = useState(names[0] ?? '')
  const [said, setSaid] = useState<string>(text.codeBlock.copy)
  const choose = (name: string): void => {
    setChosen(name)
    setSaid(text.codeBlock.copy)
  }
  const shown = useRef<HTMLPreElement>(null)
  const copy = async (): Promise<void> => setSaid(wordOf(await copyText(samples[chosen] ?? '', shown.current)))
  return (
    <section className="code" aria-label={label}>
      <header>
        {names.map((name) => (
          <button key={name} type="button" aria-pressed={name === chosen} onClick={() => choose(name)}>
            {name}
          </button>
        ))}
        <span className="grow" />
        <button type="button" onClick={copy} aria-live="polite">
          {said}
        </button>
      </header>
      <ScrollingText ref={shown}>{samples[chosen]}</ScrollingText>
    </section>
  )
}
