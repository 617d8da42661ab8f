/** One letter does something, unless somebody writes, or something lies on top. */
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useEffectEvent, useRef } from 'react'
import { shortcutSwitch } from './shortcut_switch.ts'

const pairMs = 1_000

export function useShortcuts(onHelp: () => void): void {
  const navigate = useNavigate()
  const goAt = useRef(Number.NEGATIVE_INFINITY)
  const press = useEffectEvent((event: KeyboardEvent): void => {
    if (!shortcutSwitch.isOn()) return
    if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target) || isCovered()) return
    const follows = event.timeStamp - goAt.current < pairMs
    goAt.current = event.key === 'g' ? event.timeStamp : Number.NEGATIVE_INFINITY
    if (event.key === '/') focusSearch()
    else if (event.key === '?') onHelp()
    else if (event.key === 'c') navigate({ to: '/keys/new', search: {} })
    else if (event.key === 'h' && follows) navigate({ to: '/', search: {} })
    else if (event.key === 'k' && follows) navigate({ to: '/keys', search: {} })
    else if (event.key === 'a' && follows) navigate({ to: '/applications', search: {} })
    else return
    event.preventDefault()
  })
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => press(event)
    document.addEventListener('keydown', listener)
    return () => document.removeEventListener('keydown', listener)
  }, [])
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input:not([type=checkbox], [type=radio]), select, textarea')
}

function isCovered(): boolean {
  return document.querySelector('[role=dialog], [role=alertdialog], [role=menu]') !== null
}

/** The first that is seen: small screens have it on the page alone. */
function focusSearch(): void {
  const fields = document.querySelectorAll<HTMLElement>('[data-search]')
  for (const field of fields)
    if (field.checkVisibility()) {
      field.focus()
      return
    }
}
