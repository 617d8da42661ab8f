import { Menu } from '@base-ui/react/menu'
import type { ReactNode } from 'react'
import { copyText } from '../../shared/copy.ts'
import { Icon } from '../../shared/kit/icon.tsx'
import { MenuPopup } from '../../shared/kit/menu_popup.tsx'
import { secretOnce } from '../../shared/secret_once.ts'
import { text } from '../../shared/text.ts'

const { reveal } = text

/** Commands read the key from standard input: what stands in their arguments is seen by every process of the machine. */
const forms = {
  env: (key: string) => `COUNTERSIGN_KEY=${key}`,
  curl: (key: string) => `Authorization: Bearer ${key}`,
  github: (key: string) => `printf %s '${key}' | gh secret set COUNTERSIGN_KEY`,
  gitlab: (key: string) => `printf %s '${key}' | glab variable set COUNTERSIGN_KEY --masked`,
  kubernetes: (key: string) =>
    `printf %s '${key}' | kubectl create secret generic countersign-key --from-file=COUNTERSIGN_KEY=/dev/stdin`,
} as const

interface CopyAsProps {
  readonly id: string
  readonly onCopied: (isDone: boolean) => void
}

export function CopyAs({ id, onCopied }: CopyAsProps): ReactNode {
  const copy = async (form: keyof typeof forms): Promise<void> =>
    onCopied((await copyText(forms[form](secretOnce.of(id)?.text ?? ''))) === 'copied')
  return (
    <Menu.Root>
      <Menu.Trigger className="button">
        {reveal.copyAs}
        <Icon name="chevron" />
      </Menu.Trigger>
      <MenuPopup align="start">
        {(Object.keys(forms) as (keyof typeof forms)[]).map((form) => (
          <Menu.Item key={form} className="menu-item" onClick={() => void copy(form)}>
            {reveal.as[form]}
          </Menu.Item>
        ))}
      </MenuPopup>
    </Menu.Root>
  )
}
