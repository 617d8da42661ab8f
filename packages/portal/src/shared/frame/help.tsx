import { Dialog } from '@base-ui/react/dialog'
import type { ReactNode } from 'react'
import { text } from '../text.ts'
import { shortcutSwitch, useShortcutSwitch } from './shortcut_switch.ts'

interface HelpProps {
  readonly isOpen: boolean
  readonly onOpenChange: (isOpen: boolean) => void
}

export function Help({ isOpen, onOpenChange }: HelpProps): ReactNode {
  const isOn = useShortcutSwitch()
  return (
    <Dialog.Root open={isOpen} onOpenChange={(next) => onOpenChange(next)}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog">
          <Dialog.Title>{text.help.title}</Dialog.Title>
          <dl className="shortcuts">
            {text.help.keys.map(([key, does]) => (
              <div key={key}>
                <dt>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{does}</dd>
              </div>
            ))}
          </dl>
          <label className="check">
            <input type="checkbox" checked={isOn} onChange={() => shortcutSwitch.turn(!isOn)} />
            <span>{text.help.isOn}</span>
          </label>
          <Dialog.Close className="button">{text.help.close}</Dialog.Close>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
