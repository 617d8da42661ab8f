/**
 * Which screen is at which address. The address holds the state of each, and its search is read here, once. A member that does not fit is
 * said to be undefined: the router adds what was read to what stands in the address, and takes nothing away.
 */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet } from '@tanstack/react-router'
import { readApplicationDraft } from './developer/applications/form/draft.ts'
import { othersEnds } from './developer/applications/secret/others_end.ts'
import { readEdit } from './developer/key/edit/read_edit.ts'
import { graces } from './developer/key/grace.ts'
import { panels } from './developer/key/may_of.ts'
import { keyTabs } from './developer/key/tabs.tsx'
import { KeysScreen } from './developer/keys.tsx'
import { KeyScreen } from './developer/keys_id.tsx'
import { readDraft } from './developer/new/draft.ts'
import { callers, endings, parties } from './developer/which/decide.ts'
import { keySorts } from './shared/api/queries.ts'
import { Fault } from './shared/frame/fault.tsx'
import { Frame } from './shared/frame/frame.tsx'
import { NotFound } from './shared/frame/not_found.tsx'
import { pageData } from './shared/page_data.ts'
import { mayHoldSecret } from './shared/pasted_key.ts'
import { screenChange } from './shared/screen_change.ts'
import { ranges } from './shared/usage_intervals.ts'

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
  component: lazyRouteComponent(() => import('./developer/home.tsx'), 'HomeScreen'),
})

const whichRoute = createRoute({
  getParentRoute: () => root,
  path: '/which',
  validateSearch: (search: Search) => ({
    ...one('who', callers, search.who),
    ...one('whom', parties, search.whom),
    ...one('cut', endings, search.cut),
    ...word('api', search.api),
  }),
  component: lazyRouteComponent(() => import('./developer/which.tsx'), 'WhichScreen'),
})

const statuses = ['active', 'disabled', 'revoked', 'expired'] as const

const keysRoute = createRoute({
  getParentRoute: () => root,
  path: '/keys',
  validateSearch: (search: Search) => ({
    ...one('status', statuses, search.status),
    ...word('client', search.client),
    ...word('q', typeof search.q === 'string' && mayHoldSecret(search.q) ? undefined : search.q),
    ...one('sort', keySorts, search.sort),
    ...one('ended', ['shown'] as const, search.ended),
    ...one('form', ['token'] as const, search.form),
    ...word('revoke', search.revoke),
    ...word('after', search.after),
  }),
  component: KeysScreen,
})

const createKeyRoute = createRoute({
  getParentRoute: () => root,
  path: '/keys/new',
  validateSearch: readDraft,
  component: lazyRouteComponent(() => import('./developer/keys_new.tsx'), 'CreateScreen'),
})

const keyRoute = createRoute({
  getParentRoute: () => root,
  path: '/keys/$id',
  validateSearch: (search: Search) => ({
    ...one('panel', panels, search.panel),
    ...one('tab', keyTabs, search.tab),
    ...one('grace', graces, search.grace),
    ...one('shown', ['once'] as const, search.shown),
    ...one('range', ranges, search.range),
    ...one('by', ['outcome', 'scope'] as const, search.by),
    ...word('op', search.op),
    ...readEdit(search),
  }),
  // Loaded with the first page: it shows a key that was just made, which a part that does not come would lose.
  component: KeyScreen,
})

const orders = ['name', '-name', 'createdAt', '-createdAt'] as const

const applicationsRoute = createRoute({
  getParentRoute: () => root,
  path: '/applications',
  validateSearch: (search: Search) => ({
    ...word('q', search.q),
    ...one('sort', orders, search.sort),
    ...word('after', search.after),
  }),
  component: lazyRouteComponent(() => import('./developer/applications.tsx'), 'ApplicationsScreen'),
})

const createApplicationRoute = createRoute({
  getParentRoute: () => root,
  path: '/applications/new',
  validateSearch: readApplicationDraft,
  component: lazyRouteComponent(() => import('./developer/applications_new.tsx'), 'CreateApplicationScreen'),
})

const applicationPanels = ['edit', 'secret', 'delete'] as const

const applicationRoute = createRoute({
  getParentRoute: () => root,
  path: '/applications/$clientId',
  validateSearch: (search: Search) => ({
    ...one('panel', applicationPanels, search.panel),
    ...one('others', othersEnds, search.others),
    ...word('end', search.end),
    ...one('shown', ['once'] as const, search.shown),
    ...word('api', search.api),
    ...readApplicationDraft(search),
  }),
  component: lazyRouteComponent(() => import('./developer/applications_id.tsx'), 'ApplicationScreen'),
})

const connectionsRoute = createRoute({
  getParentRoute: () => root,
  path: '/connections',
  validateSearch: (search: Search) => ({ ...word('after', search.after), ...word('remove', search.remove) }),
  component: lazyRouteComponent(() => import('./developer/connections.tsx'), 'ConnectionsScreen'),
})

const teamRoute = createRoute({
  getParentRoute: () => root,
  path: '/team',
  validateSearch: (search: Search) => ({ ...word('team', search.team), ...word('remove', search.remove) }),
  component: lazyRouteComponent(() => import('./developer/team.tsx'), 'TeamScreen'),
})

const referenceRoute = createRoute({
  getParentRoute: () => root,
  path: '/reference',
  validateSearch: (search: Search) => ({
    ...word('api', search.api),
    ...word('op', search.op),
    ...word('q', search.q),
    ...word('key', search.key),
    ...word('team', search.team),
    ...word('ticked', search.ticked),
  }),
  component: lazyRouteComponent(() => import('./developer/reference.tsx'), 'ReferenceScreen'),
})

const refusalsRoute = createRoute({
  getParentRoute: () => root,
  path: '/refusals',
  validateSearch: (search: Search) => ({
    ...word('key', search.key),
    ...word('request', search.request),
    // Empty: closed, also where one request alone is shown, which is open otherwise.
    ...anyWord('why', search.why),
    ...word('after', search.after),
  }),
  component: lazyRouteComponent(() => import('./developer/refusals.tsx'), 'RefusalsScreen'),
})

const debuggerRoute = createRoute({
  getParentRoute: () => root,
  path: '/debugger',
  // A credential is no state of the address.
  component: lazyRouteComponent(() => import('./developer/debugger.tsx'), 'DebuggerScreen'),
})

const usageRoute = createRoute({
  getParentRoute: () => root,
  path: '/usage',
  validateSearch: (search: Search) => ({
    ...one('range', ranges, search.range),
    ...one('by', ['outcome', 'keyId', 'scope'] as const, search.by),
    ...word('key', search.key),
    ...word('scope', search.scope),
  }),
  component: lazyRouteComponent(() => import('./developer/usage.tsx'), 'UsageScreen'),
})

const kitRoute = createRoute({
  getParentRoute: () => root,
  path: '/kit',
  component: pageData.hasKit ? lazyRouteComponent(() => import('./developer/kit.tsx'), 'KitScreen') : NotFound,
})

type Read<N extends string, W> = { readonly [K in N]?: W | undefined }

function one<N extends string, W extends string>(name: N, words: readonly W[], value: unknown): Read<N, W> {
  return { [name]: words.includes(value as W) ? value : undefined } as Read<N, W>
}

function word<N extends string>(name: N, value: unknown): Read<N, string> {
  return anyWord(name, value === '' ? undefined : value)
}

/** An empty one too. */
function anyWord<N extends string>(name: N, value: unknown): Read<N, string> {
  return { [name]: typeof value === 'string' ? value : undefined } as Read<N, string>
}

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    whichRoute,
    keysRoute,
    createKeyRoute,
    keyRoute,
    applicationsRoute,
    createApplicationRoute,
    applicationRoute,
    connectionsRoute,
    teamRoute,
    referenceRoute,
    refusalsRoute,
    debuggerRoute,
    usageRoute,
    kitRoute,
  ]),
  basepath: `${pageData.base}/portal`,
  parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
  stringifySearch: (search) => {
    const given = Object.entries(search as Record<string, string | undefined>).filter(
      ([, value]) => value !== undefined,
    )
    const written = new URLSearchParams(given as [string, string][]).toString()
    return written === '' ? '' : `?${written}`
  },
  defaultErrorComponent: Fault,
  defaultPreload: false,
  scrollRestoration: false,
})

router.subscribe('onBeforeLoad', ({ fromLocation, pathChanged }) => {
  if (fromLocation !== undefined && pathChanged) screenChange.begin()
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
