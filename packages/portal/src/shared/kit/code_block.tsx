/** Commands with a placeholder, one at a time, and a button that copies. */
import { type ReactNode, useState } from 'react'
import { copyText } from '../copy.ts'
import { text } from '../text.ts'

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
  const copy = async (): Promise<void> =>
    setSaid((await copyText(samples[chosen] ?? '')) ? text.copy.copied : text.copy.failed)
  return (
    <section className="code" aria-label={label}>
      <header>
        {names.map((name) => (
          <button key={name} type="button" aria-pressed={name === chosen} onClick={() => choose(name)}>
            {name}
          </button>
        ))}
        <span className="grow" />
        <button type="button" onClick={copy}>
          {said}
        </button>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard. */}
      <pre tabIndex={0}>{samples[chosen]}</pre>
    </section>
  )
}
