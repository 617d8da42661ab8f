import { Menu } from '@base-ui/react/menu'
import type { ReactNode } from 'react'
import { copyText } from '../../shared/copy.ts'
import { Icon } from '../../shared/kit/icon.tsx'
import { MenuPopup } from '../../shared/kit/menu_popup.tsx'
import { secretOnce } from '../../shared/secret_once.ts'
import { text } from '../../shared/text.ts'

const { reveal } = text

type Form = readonly [word: string, write: (secret: string) => string]

/** Commands read the secret from standard input: what stands in their arguments is seen by every process of the machine. */
function formsOf(variable: string, isBearer: boolean): readonly Form[] {
  const { as } = reveal
  const name = variable.toLowerCase().replaceAll('_', '-')
  const header: Form = [as.curl, (secret) => `Authorization: Bearer ${secret}`]
  return [
    [as.env, (secret) => `${variable}=${secret}`],
    ...(isBearer ? [header] : []),
    [as.github, (secret) => `printf %s '${secret}' | gh secret set ${variable}`],
    [as.gitlab, (secret) => `printf %s '${secret}' | glab variable set ${variable} --masked`],
    [
      as.kubernetes,
      (secret) => `printf %s '${secret}' | kubectl create secret generic ${name} --from-file=${variable}=/dev/stdin`,
    ],
  ]
}

interface CopyAsProps {
  readonly id: string
  /** The environment variable that has it. */
  readonly variable: string
  /** Whether calls carry it as it is. */
  readonly isBearer: boolean
  readonly onCopied: (isDone: boolean) => void
}

export function CopyAs({ id, variable, isBearer, onCopied }: CopyAsProps): ReactNode {
  const copy = async (write: Form[1]): Promise<void> =>
    onCopied((await copyText(write(secretOnce.of(id)?.text ?? ''))) === 'copied')
  return (
    <Menu.Root>
      <Menu.Trigger className="button">
        {reveal.copyAs}
        <Icon name="chevron" />
      </Menu.Trigger>
      <MenuPopup align="start">
        {formsOf(variable, isBearer).map(([word, write]) => (
          <Menu.Item key={word} className="menu-item" onClick={() => void copy(write)}>
            {word}
          </Menu.Item>
        ))}
      </MenuPopup>
    </Menu.Root>
  )
}
