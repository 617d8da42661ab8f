/** Parts that lie on top of the page: each is opened by its button. */
import { Menu } from '@base-ui/react/menu'
import { type ReactNode, useState } from 'react'
import { ApiProblem } from '../../shared/api/problem.ts'
import { FinalDialog } from '../../shared/kit/final_dialog.tsx'
import { MenuPopup } from '../../shared/kit/menu_popup.tsx'
import { RowMenu } from '../../shared/kit/row_menu.tsx'
import { toasts } from '../../shared/kit/toasts.tsx'
import { kitText } from '../../shared/text/kit.ts'
import { text } from '../../shared/text.ts'
import { Shown } from './shown.tsx'

const { names, sample } = kitText

export function Layers(): ReactNode {
  return (
    <>
      <Shown of="row_menu.tsx">
        <RowMenu
          label={names.plain}
          items={[
            [names.on, () => undefined, true],
            [names.disabled, () => undefined, false],
          ]}
        />
      </Shown>
      <Shown of="menu_popup.tsx">
        <div className="row">
          <Menu.Root>
            <Menu.Trigger className="button">{sample.menu}</Menu.Trigger>
            <MenuPopup align="start">
              <Menu.Item className="menu-item">{sample.open}</Menu.Item>
              <Menu.Item className="menu-item" disabled>
                {names.disabled}
              </Menu.Item>
            </MenuPopup>
          </Menu.Root>
        </div>
      </Shown>
      <Shown of="final_dialog.tsx">
        <Dialogs />
      </Shown>
      <Shown of="toasts.tsx">
        <div className="row">
          <button type="button" className="button" onClick={() => toasts.add({ title: sample.toast })}>
            {sample.showToast}
          </button>
          <button
            type="button"
            className="button"
            onClick={() => toasts.add({ title: sample.toast, actionProps: { children: text.act.undo } })}
          >
            {`${sample.showToast} ${names.undo}`}
          </button>
        </div>
      </Shown>
    </>
  )
}

const openers = [
  ['plain', sample.openDialog],
  ['refused', sample.openRefused],
  ['stale', sample.openStale],
] as const

function Dialogs(): ReactNode {
  const [open, setOpen] = useState<string>()
  return (
    <div className="row">
      {openers.map(([name, word]) => (
        <button key={name} type="button" className="button" onClick={() => setOpen(name)}>
          {word}
        </button>
      ))}
      <FinalDialog
        of={open}
        title={sample.dialog}
        detail={sample.dialogDetail}
        words={sample}
        reads={[]}
        isStale={open === 'stale'}
        onClose={() => setOpen(undefined)}
        onSubmit={async () => {
          if (open === 'refused') throw new ApiProblem(409, { detail: sample.detail }, sample.request)
        }}
      >
        <p>{sample.facts}</p>
      </FinalDialog>
    </div>
  )
}
