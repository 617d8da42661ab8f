/** An authorization server at which somebody is signed in and has let an application in before. */
import { createHash, randomBytes } from 'node:crypto'

export interface SigningIn {
  readonly url: string
  /** The `Cookie` field of the browser. */
  readonly cookie: string
  readonly client: { readonly client_id: string; readonly client_secret: string }
  /** The authorization endpoint with a request of that application. */
  readonly authorize: string
  readonly token: string
  readonly userinfo: string
  /** The scope of userinfo alone, since not every server lets one token in at an API and there. */
  readonly authorizeUserinfo: string
  readonly verifier: string
}

export const redirectUri = 'https://app.bench.example/callback'

export function pkce(): { readonly verifier: string; readonly challenge: string } {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}

/** A browser without script: it keeps cookies and follows redirects of its own server. */
export function openBrowser(url: string) {
  const jar = new Map<string, string>()
  const cookie = (): string => [...jar].map(([name, value]) => `${name}=${value}`).join('; ')

  async function request(method: string, target: string, body?: URLSearchParams): Promise<Response> {
    const response = await fetch(new URL(target, url), {
      method,
      redirect: 'manual',
      headers: { cookie: cookie(), 'sec-fetch-site': 'same-origin' },
      ...(body === undefined ? {} : { body }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '' || /max-age=0\b|expires=Thu, 01 Jan 1970/i.test(line)) jar.delete(name)
      else jar.set(name, value)
    }
    return response
  }

  return {
    cookie,
    request,
    /** Until a page is shown, or another server is named. */
    async open(target: string): Promise<Response> {
      let response = await request('GET', target)
      for (let hops = 0; hops < 12 && response.status >= 300 && response.status < 400; hops++) {
        const to = new URL(response.headers.get('location') ?? '', url)
        if (to.origin !== new URL(url).origin) return response
        response = await request('GET', to.href)
      }
      return response
    },
  }
}
