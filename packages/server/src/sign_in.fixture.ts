/** A browser of a test: it keeps cookies, reads forms, and follows what they say. */
import { cookieName } from './caller/session_cookie.ts'
import { baseUrl, type World } from './server.fixture.ts'
import { type Reply, send } from './wire.fixture.ts'

export interface Browser {
  /** The `Cookie` field; empty when it has none. */
  cookie(): string
  /** The text of its session. */
  readonly session: string | undefined
  get(path: string): Promise<Reply>
  /** Fills the form of a page that sends to `path`, with its hidden fields, and sends it. */
  submit(page: Reply, path: string, fields?: Readonly<Record<string, string>>): Promise<Reply>
  /** Sends a form as given. */
  post(path: string, fields: Readonly<Record<string, string>>, headers?: Headers): Promise<Reply>
  /** A call of the management API by the page that it shows. */
  call(method: string, path: string, body?: unknown, headers?: Headers): Promise<Reply>
}

type Headers = readonly (readonly [string, string])[]

const sameOrigin: Headers = [['Sec-Fetch-Site', 'same-origin']]

/** `cookie`: those that another browser has. */
export function openBrowser(world: World, { at = '', peer = '192.0.2.7', cookie = '' } = {}): Browser {
  const jar = new Map<string, string>()
  for (const pair of cookie === '' ? [] : cookie.split('; ')) keep(jar, pair)
  const issuer = `${baseUrl}${at}`

  async function request(method: string, path: string, headers: Headers, body: string): Promise<Reply> {
    const own = cookieOf(jar)
    const usual = [['Host', 'localhost:4800'] as const, ['User-Agent', 'Mozilla/5.0'] as const]
    const fields = [...usual, ...(own === '' ? [] : [['Cookie', own] as const])]
    const reply = await send(world.server, method, `${at}${path}`, [...fields, ...headers], body, { peer })
    for (const line of reply.cookies) keep(jar, line)
    return reply
  }

  const post: Browser['post'] = (path, fields, headers = sameOrigin) =>
    request(
      'POST',
      path,
      [['Content-Type', 'application/x-www-form-urlencoded'], ...headers],
      new URLSearchParams(fields).toString(),
    )

  return {
    cookie: () => cookieOf(jar),
    get session() {
      return jar.get(cookieName(issuer, 'session'))
    },
    get: (path) => request('GET', path, [], ''),
    post,
    submit: (page, path, fields = {}) =>
      post(path, { ...hiddenFields(formThatSends(page.text, `${issuer}${path}`)), ...fields }),
    call: (method, path, body, headers = sameOrigin) =>
      request(
        method,
        path,
        [...(body === undefined ? [] : [['Content-Type', 'application/json'] as const]), ...headers],
        body === undefined ? '' : JSON.stringify(body),
      ),
  }
}

/** A browser that is signed in to the account by a link that an operator made. */
export async function signIn(world: World, accountId: string, browser = openBrowser(world)): Promise<Browser> {
  const reply = await openLink(world, accountId, browser)
  if (reply.status !== 303) throw new Error(`nobody was signed in: ${reply.text}`)
  return browser
}

/** The answer to a link that an operator made: a session, or the page that asks for a second factor. */
export async function openLink(world: World, accountId: string, browser: Browser): Promise<Reply> {
  const { url } = await world.ok('POST', `/v1/accounts/${accountId}/links`)
  const code = new URL(String(url)).hash.slice(1)
  return browser.submit(await browser.get('/login/link'), '/login/link', { code })
}

function cookieOf(jar: ReadonlyMap<string, string>): string {
  return [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
}

function keep(jar: Map<string, string>, line: string): void {
  const [pair = ''] = line.split(';')
  const name = pair.slice(0, pair.indexOf('='))
  if (/Max-Age=0\b/.test(line)) jar.delete(name)
  else jar.set(name, pair.slice(pair.indexOf('=') + 1))
}

/** The first form that sends there. */
function formThatSends(text: string, action: string): string {
  const forms = text.split('<form ').slice(1)
  const form = forms.find((each) => each.includes(`action="${action}"`))?.split('</form>')[0]
  if (form === undefined) throw new Error(`no form sends to ${action}: ${text}`)
  return form
}

/** The hidden fields in this text of a page. */
export function hiddenFields(text: string): Readonly<Record<string, string>> {
  const fields = [...text.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)]
  return Object.fromEntries(fields.map(([, name, value]) => [name, value]))
}
