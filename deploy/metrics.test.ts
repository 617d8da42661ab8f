/** The metrics of the product at work, the alerts and the dashboard made of them, and the page each alert leads to. */
import { beforeAll, describe, expect, it } from 'vitest'
import { items, leaf, readText, readTree } from './configuration.fixture.ts'
import { hasPromtool, metricNames, promtool, type Scrapes, scrapeAll } from './scrape.fixture.ts'

const rules = items(items(readTree('deploy/prometheus/alerts.yaml').groups)[0]?.rules)
const dashboard = JSON.parse(readText('deploy/grafana/countersign.json')) as {
  readonly panels: readonly {
    readonly id: number
    readonly title: string
    readonly targets?: readonly { readonly expr: string }[]
  }[]
  readonly uid: string
}
const alertNames = rules.map(({ alert }) => String(alert))
/** Prometheus's own, and what the backup job of docs/operations/backup.md writes. */
const elsewhere = ['up', 'countersign_backup_time_seconds']

/** `npm test` needs nothing that npm does not bring; in CI what is missing is a failure. */
const isSkipped = !hasPromtool() && process.env.CI !== 'true'
if (isSkipped) process.stderr.write('deploy/metrics.test.ts skipped in part: promtool is missing\n')

let scrapes: Scrapes
beforeAll(async () => {
  scrapes = await scrapeAll()
})

/** In an expression without its strings and labels, what is neither a function nor a word of the language. */
function namesIn(expression: string): readonly string[] {
  const bare = expression.replaceAll(/\{[^}]*\}|\[[^\]]*\]|\b(by|on|without) \([^)]*\)/g, ' ')
  return [...bare.matchAll(/\b([a-z_]+:?[a-z_]+)\b(?!\s*\()/g)]
    .map(([, name]) => name ?? '')
    .filter((name) => /_/.test(name) || name === 'up')
}

describe('a scrape under load', () => {
  it.skipIf(isSkipped).each(['server', 'gateway', 'workers', 'postgres'] as const)(
    'of %s is what promtool calls clean',
    (name) => {
      expect(promtool(['check', 'metrics'], scrapes[name])).toEqual({ status: 0, said: '' })
    },
  )

  it('has every metric that an alert or the dashboard names', () => {
    const there = new Set([...elsewhere, ...Object.values(scrapes).flatMap((text) => [...metricNames(text)])])
    const expressions = [
      ...rules.map(({ expr }) => String(leaf(expr))),
      ...dashboard.panels.flatMap(({ targets }) => targets?.map(({ expr }) => expr) ?? []),
    ]
    const named = expressions.flatMap(namesIn)
    expect(named.length).toBeGreaterThan(40)
    expect(named.filter((name) => !there.has(name))).toEqual([])
  })

  it('has no series for a path that a caller made up', () => {
    expect(scrapes.server).toContain('route="none"')
    expect(scrapes.server).not.toContain('/no/such/path')
    expect(scrapes.gateway).not.toContain('/nothing')
  })

  it('of two workers is that of both: one database, one version, twice the heap', () => {
    const value = (text: string, name: string): number =>
      Number(new RegExp(`^${name}(?:\\{.*\\})? (.*)$`, 'm').exec(text)?.[1])
    expect(value(scrapes.workers, 'countersign_build_info')).toBe(1)
    expect(value(scrapes.workers, 'countersign_database_up')).toBe(1)
    expect(value(scrapes.workers, 'countersign_heap_limit_bytes')).toBe(
      2 * value(scrapes.server, 'countersign_heap_limit_bytes'),
    )
  })
})

describe('the alerts', () => {
  it.skipIf(isSkipped)('are what promtool reads, and fire for what they are for', () => {
    expect(promtool(['check', 'rules', 'deploy/prometheus/alerts.yaml'])).toMatchObject({ status: 0 })
    expect(promtool(['test', 'rules', 'deploy/prometheus/alerts_test.yaml'])).toMatchObject({ status: 0 })
  })

  it('are each tried: firing, waiting, quiet', () => {
    const cases = items(readTree('deploy/prometheus/alerts_test.yaml').tests).map(({ name }) => String(name))
    for (const name of alertNames)
      for (const what of [/ fires$/, / waits for /, / stays quiet$/])
        expect(
          cases.filter((each) => each.startsWith(`${name} `) && what.test(each)),
          name,
        ).toHaveLength(1)
  })

  it('lead each to a heading of the runbook, which has no other', () => {
    const headings = [...readText('docs/operations/runbook.md').matchAll(/^## (\w+)$/gm)].map(([, heading]) => heading)
    expect(headings).toEqual(alertNames)
    for (const { alert, annotations } of rules)
      expect(annotations?.runbook_url).toBe(`docs/operations/runbook.md#${String(alert).toLowerCase()}`)
  })
})

it('the dashboard has panels with ids of their own, and something to show in each', () => {
  const ids = dashboard.panels.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  for (const { title, targets } of dashboard.panels) expect(targets?.length, title).toBeGreaterThan(0)
})
