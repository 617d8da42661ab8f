/** Where focus goes once the list is there again. */
let id: string | undefined

export const focusLater = {
  set(next: string): void {
    id = next
  },
  /** Once; the row may be on another page. */
  take(): void {
    if (id === undefined) return
    const row = document.querySelector<HTMLElement>(`[data-key="${id}"] a`)
    if (row === null) return
    id = undefined
    row.focus()
  },
}
