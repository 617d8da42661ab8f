/**
 * `npm run bench [suite …]`: every figure as a ratio against its bare baseline in the same run, A B A B, so that a machine
 * whose speed drifts does not lie. `--json FILE` keeps the figures. Suites: changes, engine, http, keys, followers, herd, portal_sessions, scale, sign_ins, soak, workers, answers.
 */
import { writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { benchAnswerTimes } from './answer_times.ts'
import { benchChanges } from './changes.ts'
import { benchEngine } from './engine.ts'
import { benchFollowers } from './followers.ts'
import { benchHerd } from './herd.ts'
import { benchHttp } from './http.ts'
import { benchKeys } from './keys.ts'
import { benchPortalSessions } from './portal_sessions.ts'
import { benchScale } from './scale.ts'
import { benchSignIns } from './sign_ins.ts'
import { benchSoak } from './soak.ts'
import { benchWorkers } from './workers.ts'

export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** The goal, if there is one. */
  readonly goal?: { readonly atLeast?: number; readonly atMost?: number }
}

const suites: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  changes: benchChanges,
  engine: benchEngine,
  http: benchHttp,
  keys: benchKeys,
  followers: benchFollowers,
  herd: benchHerd,
  portal_sessions: benchPortalSessions,
  scale: benchScale,
  sign_ins: benchSignIns,
  soak: benchSoak,
  workers: benchWorkers,
  answers: () => benchAnswerTimes(),
}

const { names, jsonFile } = readArguments(process.argv.slice(2))
const figures: Figure[] = []
process.stdout.write(`${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}\n`)
for (const name of names) {
  process.stdout.write(`\n${name}\n`)
  for (const figure of await (suites[name] as () => Promise<readonly Figure[]>)()) {
    figures.push(figure)
    process.stdout.write(`${formatFigure(figure)}\n`)
  }
}
if (jsonFile !== undefined)
  writeFileSync(jsonFile, `${JSON.stringify({ at: new Date().toISOString(), figures }, null, 2)}\n`)

function readArguments(given: readonly string[]): {
  readonly names: readonly string[]
  readonly jsonFile: string | undefined
} {
  const at = given.indexOf('--json')
  const jsonFile = at < 0 ? undefined : given[at + 1]
  const names = given.filter((_, index) => at < 0 || (index !== at && index !== at + 1))
  const unknown = names.find((name) => !(name in suites))
  if (unknown !== undefined) throw new Error(`no suite ${unknown}: choose among ${Object.keys(suites).join(', ')}`)
  return { names: names.length === 0 ? Object.keys(suites) : names, jsonFile }
}

function formatFigure({ name, value, unit, goal }: Figure): string {
  const shown = value >= 1_000 ? Math.round(value).toLocaleString('en') : value.toFixed(2)
  const wanted =
    goal?.atLeast !== undefined
      ? `≥ ${goal.atLeast.toLocaleString('en')}`
      : goal?.atMost !== undefined
        ? `≤ ${goal.atMost.toLocaleString('en')}`
        : ''
  const isMet =
    (goal?.atLeast === undefined || value >= goal.atLeast) && (goal?.atMost === undefined || value <= goal.atMost)
  return `  ${name.padEnd(58)} ${shown.padStart(12)} ${unit.padEnd(8)} ${wanted.padEnd(12)} ${goal === undefined ? '' : isMet ? 'met' : 'MISSED'}`
}
