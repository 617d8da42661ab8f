import { secretOnce } from '../../shared/secret_once.ts'

/** As a file of one line. Its URL is taken back at once. */
export function downloadEnv(id: string): void {
  const line = `COUNTERSIGN_KEY=${secretOnce.of(id)?.text ?? ''}\n`
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([line], { type: 'text/plain' }))
  link.download = 'countersign.env'
  link.click()
  URL.revokeObjectURL(link.href)
}
