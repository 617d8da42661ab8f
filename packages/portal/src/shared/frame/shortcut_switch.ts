/** Whether single keys are shortcuts: who speaks to the machine turns them off (WCAG 2.1.4). A cookie of this browser, as the theme is. */
import { useSyncExternalStore } from 'react'
import { keepCookie } from '../keep_cookie.ts'

const listeners = new Set<() => void>()

export const shortcutSwitch = {
  isOn: (): boolean => !/(?:^|;\s*)cs-shortcuts=off(?:;|$)/.test(document.cookie),
  turn(isOn: boolean): void {
    keepCookie('cs-shortcuts', isOn ? undefined : 'off')
    for (const listener of listeners) listener()
  },
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function useShortcutSwitch(): boolean {
  return useSyncExternalStore(subscribe, shortcutSwitch.isOn)
}
