/**
 * Issuing access tokens: `client_credentials`, `client_secret_post`. JWTs, which nobody stores, and opaque tokens, which
 * everybody stores, with our data in SQLite and in PostgreSQL.
 */
import { join } from 'node:path'
import { startPostgres } from '../../../packages/store/src/conformance/postgres_server.ts'
import { type Comparison, ratioOf, type SystemFigures } from '../comparison.ts'
import type { Fixture } from '../fixture.ts'
import { type SystemProcess, startSystem } from '../system_process.ts'
import { type IssuingTargets, requireJwt, requireOpaque } from '../systems/issuing.ts'
import { falsify, formTarget, refusingForm, type Target } from '../target.ts'
import type { Context } from './context.ts'
import { type HttpSystem, measureOverHttp } from './over_http.ts'
import { introspectTarget, startBare, withoutRefusal } from './verify_over_http.ts'

const names = {
  jwtSqlite: 'Countersign, JWTs, SQLite',
  jwtPostgres: 'Countersign, JWTs, PostgreSQL',
  opaqueSqlite: 'Countersign, opaque tokens, SQLite',
  opaquePostgres: 'Countersign, opaque tokens, PostgreSQL',
  oidcJwt: 'oidc-provider, JWTs, memory',
  oidcOpaque: 'oidc-provider, opaque tokens, memory',
  betterAuthJwt: 'better-auth, OAuth provider, JWTs, memory',
  betterAuthOpaque: 'better-auth, OAuth provider, opaque tokens, memory',
  betterAuthSqlite: 'better-auth, OAuth provider, opaque tokens, SQLite',
  betterAuthPostgres: 'better-auth, OAuth provider, opaque tokens, PostgreSQL',
  bareSigns: 'bare node:http that signs the same JWT',
  bareSqlite: 'bare node:http that inserts one row a request, SQLite',
  barePostgres: 'bare node:http that inserts one row a request, PostgreSQL',
} as const

type Issuer = Pick<SystemProcess<IssuingTargets>, 'told' | 'cpuMicros'>

interface Started {
  readonly issuers: Readonly<
    Record<
      'oursSqlite' | 'oursPostgres' | 'oidcProvider' | 'betterAuth' | 'betterAuthSqlite' | 'betterAuthPostgres',
      Issuer
    >
  >
  readonly bare: Readonly<Record<'signs' | 'sqlite' | 'postgres', SystemProcess<string>>>
}

export async function compareTokens(context: Context): Promise<readonly Comparison[]> {
  await using stack = new AsyncDisposableStack()
  const started = await startAll(context, stack)
  for (const { told } of Object.values(started.issuers)) {
    await requireJwt(told, context.server.told.audience)
    await requireOpaque(told)
  }
  // All in the same rounds, so that what stands in different tables can be compared too.
  return tables(await measureOverHttp(systemsOf(started), context.pace))
}

/** `stack` ends what was started, the last first. */
async function startAll({ server, directory }: Context, stack: AsyncDisposableStack): Promise<Started> {
  const start = async <Told>(script: string, parameter: unknown): Promise<SystemProcess<Told>> => {
    const system = await startSystem<Told>(script, parameter)
    stack.defer(system.stop)
    return system
  }
  const postgresServer = await startPostgres(true)
  stack.defer(postgresServer.stop)
  const postgres = async (): Promise<{ readonly database: string }> => {
    const { url, drop } = await postgresServer.create()
    stack.defer(drop)
    return { database: url }
  }
  const sqlite = (name: string) => ({ database: `sqlite:${join(directory, name)}` })
  // Servers of their own: other comparisons shall not go on with a database that this one filled.
  const startOurs = async (parameter: object): Promise<Issuer> => {
    const { told, cpuMicros } = await start<Fixture>('systems/countersign', { jwts: 0, ...parameter })
    return { told: ourTargets(told), cpuMicros }
  }
  const fixture = server.told
  const startBetterAuth = (parameter: object): Promise<Issuer> =>
    start('systems/better_auth', { fixture, part: 'oauth', ...parameter })
  const signs = await startBare(fixture, 'token')
  stack.defer(signs.stop)
  return {
    issuers: {
      oursSqlite: await startOurs({}),
      oursPostgres: await startOurs(await postgres()),
      oidcProvider: await start('systems/oidc_provider', fixture),
      betterAuth: await startBetterAuth({}),
      betterAuthSqlite: await startBetterAuth(sqlite('better_auth.db')),
      betterAuthPostgres: await startBetterAuth(await postgres()),
    },
    bare: {
      signs,
      sqlite: await start('systems/bare_rows', sqlite('bare.db')),
      postgres: await start('systems/bare_rows', await postgres()),
    },
  }
}

/** In the order of their turns: those that a goal compares stand side by side. */
function systemsOf({ issuers, bare }: Started): readonly HttpSystem[] {
  const { oursSqlite, oursPostgres, oidcProvider, betterAuth, betterAuthSqlite, betterAuthPostgres } = issuers
  const { jwt, opaque } = oursSqlite.told
  const turns: readonly (readonly [string, Target, Pick<Issuer, 'cpuMicros'>])[] = [
    [names.oidcJwt, oidcProvider.told.jwt, oidcProvider],
    [names.jwtSqlite, jwt, oursSqlite],
    [names.opaqueSqlite, opaque, oursSqlite],
    [names.bareSqlite, withoutRefusal(opaque, bare.sqlite.told), bare.sqlite],
    [names.opaquePostgres, oursPostgres.told.opaque, oursPostgres],
    [names.barePostgres, withoutRefusal(opaque, bare.postgres.told), bare.postgres],
    [names.jwtPostgres, oursPostgres.told.jwt, oursPostgres],
    [names.bareSigns, withoutRefusal(jwt, bare.signs.told), bare.signs],
    [names.oidcOpaque, oidcProvider.told.opaque, oidcProvider],
    [names.betterAuthJwt, betterAuth.told.jwt, betterAuth],
    [names.betterAuthOpaque, betterAuth.told.opaque, betterAuth],
    [names.betterAuthSqlite, betterAuthSqlite.told.opaque, betterAuthSqlite],
    [names.betterAuthPostgres, betterAuthPostgres.told.opaque, betterAuthPostgres],
  ]
  // The limit is the table's.
  return turns.map(([name, target, { cpuMicros }]) => ({ name, limit: name, target, cpuMicros }))
}

function tables(all: readonly SystemFigures[]): readonly Comparison[] {
  const goal = (name: string, ours: string, other: string, atLeast: number) =>
    ({ name, unit: '×', value: ratioOf(all, ours, other), atLeast }) as const
  const jwtPeers = [names.oidcJwt, names.betterAuthJwt]
  const opaquePeers = [names.oidcOpaque, names.betterAuthOpaque]
  const { bareSigns, bareSqlite, barePostgres } = names
  return [
    {
      title: 'Issuing JWTs with SQLite: client_credentials, ES256',
      systems: rows(all, [names.jwtSqlite, ...jwtPeers, bareSigns]),
      notes: jwtNotes,
      goals: [goal('tokens, of oidc-provider', names.jwtSqlite, names.oidcJwt, 3)],
    },
    {
      title: 'Issuing JWTs with PostgreSQL: client_credentials, ES256',
      systems: rows(all, [names.jwtPostgres, ...jwtPeers, bareSigns]),
      notes: jwtNotes,
      goals: [],
    },
    {
      title: 'Issuing opaque tokens with SQLite: client_credentials',
      systems: rows(all, [names.opaqueSqlite, ...opaquePeers, names.betterAuthSqlite, bareSqlite]),
      notes: opaqueNotes,
      goals: [goal('opaque tokens with SQLite, of JWTs', names.opaqueSqlite, names.jwtSqlite, 0.4)],
    },
    {
      title: 'Issuing opaque tokens with PostgreSQL: client_credentials',
      systems: rows(all, [names.opaquePostgres, ...opaquePeers, names.betterAuthPostgres, barePostgres]),
      notes: [...opaqueNotes, 'CPU time is the server’s; PostgreSQL’s is not in it.'],
      goals: [goal('opaque tokens with PostgreSQL, of one row a request', names.opaquePostgres, barePostgres, 1)],
    },
  ]
}

const jwtNotes = [
  'Nobody stores a JWT that was issued. oidc-provider and better-auth keep their clients in memory: the same figures stand in both tables.',
]

const opaqueNotes = [
  'oidc-provider brings no storage but an LRU cache of 1,000 entries in memory. What is in memory has the same figures in both tables.',
  'SQLite and PostgreSQL commit to the disk before the answer, for everyone. Ours commits together what is asked for together; the others commit each token alone.',
]

/** The last one is the limit of the table. */
function rows(all: readonly SystemFigures[], shown: readonly string[]): readonly SystemFigures[] {
  const limit = shown.at(-1) ?? ''
  return shown.flatMap((name) => all.filter((each) => each.name === name).map((each) => ({ ...each, limit })))
}

/** A client of each API: one has JWTs, the other opaque tokens. */
function ourTargets(fixture: Fixture): IssuingTargets {
  const { url, clientId, clientSecret, scope, opaque } = fixture
  const target = (id: string, secret: string, holds: string): Target => {
    const fields = { grant_type: 'client_credentials', client_id: id, client_secret: secret, scope }
    return refusingForm(formTarget(`${url}/oauth/token`, fields, holds), 'client_secret', falsify(secret))
  }
  return {
    jwt: target(clientId, clientSecret, '"access_token":"ey'),
    opaque: target(opaque.clientId, opaque.clientSecret, '"access_token":"'),
    introspect: introspectTarget(fixture),
    issuer: url,
    jwksUrl: `${url}/oauth/jwks`,
  }
}
