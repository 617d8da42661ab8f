/** Results that come by themselves, with what undoes them. */
import { Toast } from '@base-ui/react/toast'
import type { ReactNode } from 'react'
import { text } from '../text.ts'
import { Icon } from './icon.tsx'

export const toasts = Toast.createToastManager()

export function Toasts(): ReactNode {
  return (
    <Toast.Provider toastManager={toasts} timeout={12_000}>
      <Toast.Portal>
        <Toast.Viewport className="toasts">
          <Shown />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  )
}

function Shown(): ReactNode {
  const { toasts: shown } = Toast.useToastManager()
  return shown.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className="toast">
      <Toast.Content className="toast-content">
        <Toast.Title render={<p />} />
        <Toast.Action className="button" />
        <Toast.Close className="button bare" aria-label={text.act.dismiss}>
          <Icon name="cross" />
        </Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ))
}
