/** Which screen is at which address. The address holds the state of each: what is in its search is read here, once. */
import { createRootRoute, createRoute, createRouter, Outlet, redirect } from '@tanstack/react-router'
import { graces } from './developer/key/grace.ts'
import { KeysScreen } from './developer/keys.tsx'
import { KeyScreen } from './developer/keys_id.tsx'
import { CreateScreen } from './developer/keys_new.tsx'
import { readDraft } from './developer/new/draft.ts'
import { Fault } from './shared/frame/fault.tsx'
import { Frame } from './shared/frame/frame.tsx'
import { NotFound } from './shared/frame/not_found.tsx'
import { pageData } from './shared/page_data.ts'

type Search = Readonly<Record<string, unknown>>

const root = createRootRoute({
  component: () => (
    <Frame>
      <Outlet />
    </Frame>
  ),
  notFoundComponent: NotFound,
  errorComponent: Fault,
})

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/keys', search: {} })
  },
})

const statuses = ['active', 'disabled', 'revoked', 'expired'] as const

const keysRoute = createRoute({
  getParentRoute: () => root,
  path: '/keys',
  validateSearch: (search: Search) => ({
    ...one('status', statuses, search.status),
    ...word('client', search.client),
    ...word('after', search.after),
  }),
  component: KeysScreen,
})

const createKeyRoute = createRoute({
  getParentRoute: () => root,
  path: '/keys/new',
  validateSearch: readDraft,
  component: CreateScreen,
})

const panels = ['roll', 'revoke'] as const

const keyRoute = createRoute({
  getParentRoute: () => root,
  path: '/keys/$id',
  validateSearch: (search: Search) => ({
    ...one('panel', panels, search.panel),
    ...one('grace', graces, search.grace),
    ...one('shown', ['once'] as const, search.shown),
  }),
  component: KeyScreen,
})

function one<N extends string, W extends string>(name: N, words: readonly W[], value: unknown): { [K in N]?: W } {
  return words.includes(value as W) ? ({ [name]: value } as { [K in N]?: W }) : {}
}

function word<N extends string>(name: N, value: unknown): { [K in N]?: string } {
  return typeof value === 'string' && value !== '' ? ({ [name]: value } as { [K in N]?: string }) : {}
}

export const router = createRouter({
  routeTree: root.addChildren([home, keysRoute, createKeyRoute, keyRoute]),
  basepath: `${pageData.base}/portal`,
  parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
  stringifySearch: (search) => {
    const written = new URLSearchParams(search as Record<string, string>).toString()
    return written === '' ? '' : `?${written}`
  },
  defaultErrorComponent: Fault,
  defaultPreload: false,
  scrollRestoration: false,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
