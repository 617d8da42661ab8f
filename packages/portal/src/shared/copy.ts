/** Copying is believed only when it happened. */

/** Whether the clipboard has it now. Over plain http there is only the selection and `execCommand`. Focus stays where it is. */
export async function copyText(text: string, shown?: HTMLElement): Promise<boolean> {
  const isWritten = await navigator.clipboard?.writeText(text).then(
    () => true,
    () => false,
  )
  if (isWritten === true) return true
  return shown === undefined ? copyByEvent(text) : copyShown(shown)
}

function copyShown(shown: HTMLElement): boolean {
  selectAll(shown)
  return document.execCommand('copy')
}

/** For a text that is not on the page: the event of the command carries it. */
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

export function selectAll(shown: HTMLElement): void {
  const range = document.createRange()
  range.selectNodeContents(shown)
  const selection = getSelection()
  selection?.removeAllRanges()
  selection?.addRange(range)
}
