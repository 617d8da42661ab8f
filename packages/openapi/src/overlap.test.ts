import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readOperations } from './description.ts'
import { readDocument } from './document.ts'
import { parsePathTemplate } from './path_template.ts'
import { segmentsOverlap } from './segment.ts'

function problemsOf(paths: readonly string[]) {
  const operations = Object.fromEntries(
    paths.map((path, index) => [path, { get: { security: [{ k: [`scope-${index}`] }] } }]),
  )
  const text = JSON.stringify({ openapi: '3.1.0', info: { title: 't', version: '1' }, paths: operations })
  return readOperations(readDocument(text)).problems
}

/** As it would be found by comparing each with every other. */
function overlapsOf(paths: readonly string[]): readonly string[] {
  const templates = paths.map((path) => parsePathTemplate('', path).segments)
  const found: string[] = []
  for (const [i, left] of templates.entries()) {
    for (const [j, right] of templates.entries()) {
      const isTemplate = (index: number) => paths[index]?.includes('{') === true
      if (j <= i || left.length !== right.length || !isTemplate(i) || !isTemplate(j)) continue
      if (left.every((segment, at) => segmentsOverlap(segment, right[at] as typeof segment)))
        found.push([paths[i], paths[j]].sort().join(' '))
    }
  }
  return found
}

it('finds exactly the pairs that comparing each with every other finds', () => {
  const segment = fc.constantFrom('a', 'b', 'ab', '{x}', 'a{x}', '{x}b', '{x}.json', 'a{x}b')
  const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => `/${segments.join('/')}`)
  fc.assert(
    fc.property(fc.uniqueArray(path, { maxLength: 12 }), (paths) => {
      const overlaps = problemsOf(paths).filter(({ code }) => code === 'overlap')
      const found = overlaps.map(({ message }) => /^GET (\S+) and (\S+) /.exec(message)?.slice(1).sort().join(' '))
      expect(found.sort()).toEqual([...overlapsOf(paths)].sort())
    }),
    { numRuns: 500 },
  )
})

it('twice as many templates take about twice the work, not four times', () => {
  const cpuMsOf = (count: number): number => {
    // As many kinds as there are: none overlaps another, so each was once compared with all.
    const paths = Array.from({ length: count }, (_, index) => `/kind-${index}/{id}/part-${index}`)
    const runs = Array.from({ length: 3 }, () => {
      const before = process.threadCpuUsage()
      problemsOf(paths)
      const { user, system } = process.threadCpuUsage(before)
      return (user + system) / 1_000
    })
    return Math.min(...runs)
  }
  cpuMsOf(500)
  expect(cpuMsOf(4_000) / cpuMsOf(1_000)).toBeLessThan(8)
})

it('whatever a document holds, comparing ends: the rest is said to be left out', () => {
  const paths = Array.from({ length: 5_000 }, (_, index) => `/{x}.a${index}/{y}`)
  expect(problemsOf(paths).at(-1)?.code).toBe('problems_omitted')
  // Text that folds to one spelling, a thousand ways.
  const alike = Array.from(
    { length: 4_096 },
    (_, index) => `/${Array.from({ length: 12 }, (_, bit) => ((index >> bit) & 1 ? 'A' : 'a')).join('')}/{id}`,
  )
  expect(problemsOf(alike)).toMatchObject([{ code: 'parameter_undescribed' }])
})
