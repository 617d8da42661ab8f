/** A page as its file writes it: what it is given, and what it answers. */
import type { Seconds } from '@countersign/core'
import type { Account, AccountSession } from '@countersign/store'
import type { Services, TenantContext } from '../../context.ts'
import type { Answer } from '../../http/answer.ts'
import type { HttpRequest } from '../../http/request.ts'
import type { Form } from '../../oauth/form.ts'
import type { PeopleSettings } from '../settings.ts'
import type { Html } from './html.ts'
import type { Page } from './page.ts'

export type PageServices = Pick<
  Services,
  | 'apis'
  | 'books'
  | 'hasPortalKit'
  | 'isPortalBuilding'
  | 'keyPrefix'
  | 'log'
  | 'mailer'
  | 'master'
  | 'now'
  | 'openness'
  | 'passwords'
  | 'portal'
  | 'randomBytes'
  | 'sessionMoves'
  | 'signInTries'
  | 'signingKeys'
  | 'store'
  | 'trustedProxies'
  | 'version'
>

/** A person who is signed in at this browser. */
export interface SignedIn {
  readonly account: Account
  readonly session: AccountSession
  /** The text of the session. */
  readonly text: string
}

export interface PageContext {
  readonly services: PageServices
  readonly tenant: TenantContext
  readonly request: HttpRequest
  /** The name of the tenant, as people see it. */
  readonly name: string
  readonly settings: PeopleSettings
  readonly signedIn: SignedIn | undefined
  /** The same, or who came by a portal link. That is good for the portal, a proof and signing out; `signedIn` is nobody then. */
  readonly present: SignedIn | undefined
  /** The text in the cookie that tells browsers apart. */
  readonly browser: string
  /** The text in the session's cookie, whatever it is worth. */
  readonly sessionText: string | undefined
  readonly now: Seconds
  /** The hidden fields of a form: its token is good at this browser, with this session, for this form. */
  token(form: string): Html
}

export interface Endpoint {
  /** The name of its form, by its fields where they are part of it: a token for one form is good for no other. */
  readonly form: string | ((form: Form) => string)
  /** A form of ours whose token does not fit, since somebody else has signed in meanwhile. Default: a page that says so. */
  stale?(context: PageContext, form: Form): Page | Answer
  get(context: PageContext): Promise<Page | Answer> | Page | Answer
  /** Absent where the page has no form. */
  post?(context: PageContext, form: Form): Promise<Page | Answer>
}
