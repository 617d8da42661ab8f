/** A browser without script: it keeps cookies, and fills in forms. */

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Empty where it is no JSON object. */
  readonly body: Readonly<Record<string, unknown>>
}

/** Each target is a URL, or a path at the browser's own server. */
export interface Browser {
  /** The `Cookie` field. */
  cookie(): string
  /** Follows no redirect. */
  open(target: string, init?: RequestInit): Promise<Answer>
  /** Follows the server's own redirects, to a page or away. */
  follow(target: string): Promise<Answer>
  /** Sends the form of a page that leads to `target`, with its hidden fields. */
  submit(page: Answer, target: string, fields?: Readonly<Record<string, string>>): Promise<Answer>
}

const redirectsMax = 12

/** `always`: header fields of every request. */
export function openBrowser(url: string, always: Readonly<Record<string, string>> = {}): Browser {
  const { origin } = new URL(url)
  const jar = new Map<string, string>()
  const cookie = (): string => [...jar].map(([name, value]) => `${name}=${value}`).join('; ')

  const open: Browser['open'] = async (target, init = {}) => {
    const headers = {
      'Sec-Fetch-Site': 'same-origin',
      ...always,
      ...init.headers,
      ...(jar.size === 0 ? {} : { cookie: cookie() }),
    }
    const response = await fetch(new URL(target, url), { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/max-age=0\b|expires=Thu, 01 Jan 1970/i.test(line)) jar.delete(name)
      else jar.set(name, value)
    }
    return readAnswer(response)
  }

  return {
    cookie,
    open,
    async follow(target) {
      let answer = await open(target)
      for (let hops = 0; hops < redirectsMax; hops++) {
        const location = answer.headers.get('location')
        if (location === null || new URL(location, url).origin !== origin) return answer
        answer = await open(location)
      }
      throw new Error(`${target} leads from page to page without end`)
    },
    submit(page, target, fields = {}) {
      const action = new URL(target, url).href
      const form = page.text.split('<form ').find((each) => each.includes(`action="${action}"`))
      if (form === undefined) throw new Error(`no form leads to ${action}: ${page.status} ${page.text}`)
      const hidden = [...form.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)]
      const body = new URLSearchParams({
        ...Object.fromEntries(hidden.map(([, name, value]) => [name, value])),
        ...fields,
      })
      return open(action, { method: 'POST', body, headers: { Origin: origin } })
    },
  }
}

export async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') === true
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : {} }
}
