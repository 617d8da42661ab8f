/**
 * `npm run bench:peers [comparison …]`: Countersign beside its peers and beside the bare limit, in one run, a table
 * for each question. Comparisons: in_process, verify, introspect, tokens (JWTs and opaque ones, with SQLite and with
 * PostgreSQL), people (code flow, refresh, userinfo, sessions), gateways. `--json FILE` keeps every round; `--quick` shows in
 * three minutes that everything works, with figures that mean little. The peers are installed into this folder when missing.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { type Comparison, isMet, type Pace } from './comparison.ts'
import type { Context } from './comparisons/context.ts'
import { compareGateways } from './comparisons/gateways.ts'
import { coldJwts, compareInProcess } from './comparisons/in_process.ts'
import { comparePeople } from './comparisons/people.ts'
import { compareTokens } from './comparisons/tokens.ts'
import { compareIntrospect, compareVerify } from './comparisons/verify_over_http.ts'
import type { Fixture } from './fixture.ts'
import { installPeers, peerVersions } from './installed.ts'
import { startSystem } from './system_process.ts'
import { formatComparison, formatGoals } from './table.ts'

const comparisons: Readonly<Record<string, (context: Context) => Promise<readonly Comparison[]>>> = {
  in_process: compareInProcess,
  verify: compareVerify,
  introspect: compareIntrospect,
  tokens: compareTokens,
  people: comparePeople,
  gateways: compareGateways,
}

const full: Pace = { seconds: 4, rounds: 5, turns: 25, turnMs: 60, ratesPerSecond: [1_000, 5_000] }
const quick: Pace = { seconds: 1, rounds: 1, turns: 3, turnMs: 60, ratesPerSecond: [1_000] }

const { names, jsonFile, pace } = readArguments(process.argv.slice(2))
installPeers()
const at = new Date().toISOString()
const machine = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  memoryGb: Math.round(totalmem() / 2 ** 30),
  node: process.versions.node,
  platform: `${process.platform} ${process.arch}`,
}
const peers = peerVersions()
process.stdout.write(`${at}, ${machine.cores} × ${machine.cpu}, ${machine.memoryGb} GB, Node ${machine.node}\n`)
process.stdout.write(
  `${Object.entries(peers)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}\n`,
)

const results: Comparison[] = []
const directory = mkdtempSync(join(tmpdir(), 'countersign-peers-'))
// However it ends: configurations in there hold a key, and programs that were started end at `exit` too.
process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const server = await startSystem<Fixture>('systems/countersign', { jwts: coldJwts(pace) })
try {
  for (const name of names) {
    for (const result of (await comparisons[name]?.({ server, directory, pace })) ?? []) {
      results.push(result)
      process.stdout.write(`\n${formatComparison(result)}\n`)
    }
  }
} finally {
  await server.stop()
}
const goals = results.flatMap((result) => result.goals)
process.stdout.write(`\n${formatGoals(goals)}\n`)
if (jsonFile !== undefined) {
  const judged = goals.map((goal) => ({ ...goal, met: isMet(goal) }))
  writeFileSync(
    jsonFile,
    `${JSON.stringify({ at, machine, peers, pace, comparisons: results, goals: judged }, null, 2)}\n`,
  )
}
// A failed comparison may have left something running: it ends with this process.
process.exit()

function readArguments(given: readonly string[]): {
  readonly names: readonly string[]
  readonly jsonFile: string | undefined
  readonly pace: Pace
} {
  const at = given.indexOf('--json')
  const jsonFile = at < 0 ? undefined : given[at + 1]
  if (at >= 0 && jsonFile === undefined) throw new Error('--json needs a file')
  const rest = given.filter(
    (argument, index) => argument !== '--quick' && (at < 0 || (index !== at && index !== at + 1)),
  )
  const unknown = rest.find((name) => !(name in comparisons))
  if (unknown !== undefined)
    throw new Error(`no comparison ${unknown}: choose among ${Object.keys(comparisons).join(', ')}`)
  const names = rest.length === 0 ? Object.keys(comparisons) : rest
  return { names, jsonFile, pace: given.includes('--quick') ? quick : full }
}
