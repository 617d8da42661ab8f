/** Copying is believed only when it happened. */
import { text as texts } from './text.ts'

/** `selected`: it failed, and the element that shows it is selected, for the reader to copy. */
export type Copied = 'copied' | 'selected' | 'failed'

/** Over plain http there is only the selection and `execCommand`. Focus stays where it is. `shown`: has the text and nothing else. */
export async function copyText(text: string, shown?: HTMLElement | null): Promise<Copied> {
  const isWritten = await navigator.clipboard?.writeText(text).then(
    () => true,
    () => false,
  )
  if (isWritten === true) return 'copied'
  const isSelected = shown != null && selectAll(shown, text)
  if (copyByEvent(text)) return 'copied'
  return isSelected ? 'selected' : 'failed'
}

/** The label of the button after it. */
export function wordOf(copied: Copied): string {
  const { copy } = texts
  return { copied: copy.copied, selected: copy.failed, failed: copy.failedWholly }[copied]
}

/** The event of the command carries the text, whatever is selected. */
function copyByEvent(text: string): boolean {
  let isTaken = false
  const take = (event: ClipboardEvent): void => {
    event.preventDefault()
    event.clipboardData?.setData('text/plain', text)
    isTaken = event.clipboardData !== null
  }
  document.addEventListener('copy', take, { once: true })
  const isDone = document.execCommand('copy')
  document.removeEventListener('copy', take)
  return isDone && isTaken
}

/** Gives whether that text is selected then, byte for byte. */
function selectAll(shown: HTMLElement, text: string): boolean {
  const selection = getSelection()
  selection?.selectAllChildren(shown)
  return selection?.toString() === text
}
