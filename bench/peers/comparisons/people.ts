/**
 * People: the code flow from the application's request to its tokens, with somebody who is signed in and has allowed it
 * before; refresh with rotation; userinfo; and a session at the management API beside an API key.
 */
import { writeQuestion } from '../../connection.ts'
import { takeWalks, type WalkAnswer, type Walker } from '../../walks.ts'
import { type Comparison, figuresOf, type Measured, ratioOf, takeTurns } from '../comparison.ts'
import { type SystemProcess, startSystem } from '../system_process.ts'
import { redirectUri, type SigningIn } from '../systems/signing_in.ts'
import type { Context } from './context.ts'

const walkersMax = 32

/** A system, and what its people do in one turn. */
interface Part {
  readonly name: string
  readonly limit: string
  readonly system: Pick<SystemProcess<SigningIn>, 'told' | 'cpuMicros'>
  /** Made anew for each turn: a server that keeps the newest entries alone has lost what the others did not use. */
  walkers(): Promise<readonly Walker[]>
}

export async function comparePeople({ pace }: Context): Promise<readonly Comparison[]> {
  await using stack = new AsyncDisposableStack()
  const start = async <Told>(script: string): Promise<SystemProcess<Told>> => {
    const system = await startSystem<Told>(script, {})
    stack.defer(system.stop)
    return system
  }
  const ours = await start<SigningIn & { readonly key: string }>('systems/countersign_people')
  const oidc = await start<SigningIn>('systems/oidc_provider_people')
  const parts: Part[] = []
  for (const [who, system] of [
    ['Countersign, SQLite', ours],
    ['oidc-provider, memory', oidc],
  ] as const) {
    const { told } = system
    const add = (what: string, walkers: Part['walkers']) =>
      parts.push({ name: `${who}: ${what}`, limit: `oidc-provider, memory: ${what}`, system, walkers })
    add('code flow', async () => many(() => codeFlow(told, told.authorize)))
    add('refresh', () => chains(told))
    add('userinfo', async () => {
      const { access_token: token } = await signIn(told, told.authorizeUserinfo)
      return many(() => repeated(told.userinfo, { authorization: `Bearer ${token}` }, '"sub":"'))
    })
  }
  const me = `${ours.told.url}/v1/me`
  for (const [name, headers] of [
    [sessionName, { cookie: ours.told.cookie }],
    [keyName, { authorization: `Bearer ${ours.told.key}` }],
  ] as const)
    parts.push({
      name,
      limit: keyName,
      system: ours,
      walkers: async () => many(() => repeated(me, headers, '"kind":"')),
    })
  for (const part of parts) await turn(part, 1)
  const measured = await takeTurns(parts, pace.rounds, (part) => turn(part, pace.seconds))
  const systems = parts.map((part, index) => figuresOf(part, measured[index] ?? []))
  const beside = (what: string) => ({
    name: `${what}, of oidc-provider`,
    unit: '×' as const,
    value: ratioOf(systems, `Countersign, SQLite: ${what}`, `oidc-provider, memory: ${what}`),
    atLeast: 2,
  })
  const session = {
    name: 'a session, of an API key',
    unit: '×' as const,
    value: ratioOf(systems, sessionName, keyName),
  }
  return [
    {
      title: 'People: code flow with PKCE, refresh with rotation, userinfo, sessions',
      systems,
      notes: [
        'Ours commits requests, codes and refresh tokens to the disk; oidc-provider keeps 1,000 entries in memory.',
        'Both sign an ES256 access token and an RS256 ID token, and rotate refresh tokens.',
      ],
      goals: [...['code flow', 'refresh', 'userinfo'].map(beside), { ...session, atLeast: 0.5 }],
    },
  ]
}

const sessionName = 'Countersign, SQLite: GET /v1/me by a session'
const keyName = 'Countersign, SQLite: GET /v1/me by an API key'

function many(make: () => Walker): readonly Walker[] {
  return Array.from({ length: walkersMax }, make)
}

async function turn({ system, walkers: make }: Part, seconds: number): Promise<Measured> {
  const walkers = await make()
  const before = await system.cpuMicros()
  const { perSecond, answers } = await takeWalks({ url: system.told.url, seconds, walkers })
  return { perSecond, cpuMicros: ((await system.cpuMicros()) - before) / answers }
}

function requireRight(isRight: boolean, { status, body }: WalkAnswer): void {
  if (!isRight) throw new Error(`the answer is not right: ${status} ${body.slice(0, 200)}`)
}

/** From the request of the application through every redirect to its tokens. */
function codeFlow(told: SigningIn, authorize: string): Walker {
  const get = (url: string) => writeQuestion({ url, method: 'GET', headers: { cookie: told.cookie } })
  const begin = get(authorize)
  return {
    begin: () => begin,
    next(answer) {
      if (answer.status === 200) {
        const { body } = answer
        requireRight(
          ['"access_token":"', '"id_token":"', '"refresh_token":"'].every((part) => body.includes(part)),
          answer,
        )
        return undefined
      }
      const location = /\r\nlocation: *(.*)\r\n/i.exec(answer.head)?.[1]
      requireRight(location !== undefined, answer)
      const target = new URL(location as string, told.url)
      if (target.origin === new URL(told.url).origin) return get(target.href)
      const code = target.searchParams.get('code')
      requireRight(target.href.startsWith(redirectUri) && code !== null, answer)
      return form(told.token, redeeming(told, code as string))
    },
  }
}

/** One family of refresh tokens each. */
async function chains(told: SigningIn): Promise<readonly Walker[]> {
  const walkers: Walker[] = []
  for (let made = 0; made < walkersMax; made++) {
    let { refresh_token: token } = await signIn(told, told.authorize)
    walkers.push({
      begin: () => form(told.token, { ...told.client, grant_type: 'refresh_token', refresh_token: token as string }),
      next(answer) {
        const next = /"refresh_token":"([^"]+)"/.exec(answer.body)?.[1]
        requireRight(answer.status === 200 && next !== undefined && next !== token, answer)
        token = next
        return undefined
      },
    })
  }
  return walkers
}

function repeated(url: string, headers: Readonly<Record<string, string>>, holds: string): Walker {
  const question = writeQuestion({ url, method: 'GET', headers })
  return {
    begin: () => question,
    next(answer) {
      requireRight(answer.status === 200 && answer.body.includes(holds), answer)
      return undefined
    },
  }
}

function redeeming({ client, verifier }: SigningIn, code: string): Record<string, string> {
  return { ...client, grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier }
}

function form(url: string, fields: Record<string, string>): Buffer {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return writeQuestion({ url, method: 'POST', headers, body: new URLSearchParams(fields).toString() })
}

/** The answer of the token endpoint, outside the measured time. */
async function signIn(told: SigningIn, authorize: string): Promise<Readonly<Record<string, string | undefined>>> {
  let target = authorize
  for (let hops = 0; hops < 8; hops++) {
    const reply = await fetch(target, { redirect: 'manual', headers: { cookie: told.cookie } })
    const to = new URL(reply.headers.get('location') ?? '', told.url)
    if (!to.href.startsWith(redirectUri)) {
      target = to.href
      continue
    }
    const body = new URLSearchParams(redeeming(told, to.searchParams.get('code') ?? ''))
    return (await (await fetch(told.token, { method: 'POST', body })).json()) as Record<string, string>
  }
  throw new Error(`${told.url} led nowhere`)
}
