/** A button that copies a text, and says on itself how that went. */
import { type RefObject, useRef, useState } from 'react'
import { copyText, wordOf } from './copy.ts'

interface Copy<E extends HTMLElement> {
  /** `word`, and how it went once it was pressed, for as long as it is that text. */
  readonly label: string
  /** The element that shows the text and nothing else: it is selected where nothing else copies. */
  readonly shown: RefObject<E | null>
  copy(): Promise<void>
}

/** `text`: a secret is given by a function, the same for as long as it is the same secret. */
export function useCopy<E extends HTMLElement>(text: string | (() => string), word: string): Copy<E> {
  const shown = useRef<E>(null)
  const [said, setSaid] = useState<{ readonly of: string | (() => string); readonly word: string }>()
  return {
    label: said?.of === text ? said.word : word,
    shown,
    async copy() {
      const copied = await copyText(typeof text === 'string' ? text : text(), shown.current)
      setSaid({ of: text, word: wordOf(copied) })
    },
  }
}
