import { expect, it } from 'vitest'
import { type FlawList, findProblems } from './check_flaws.ts'

const good: FlawList = {
  applied: ['CVE-2020-5300'],
  notYet: [{ id: 'CVE-2021-1', why: 'there are no cookies yet' }],
  tests: { 'CVE-2020-5300': 'a.test.ts' },
}
const read = (file: string) => (file === 'a.test.ts' ? "it('CVE-2020-5300: a jti is good once')" : undefined)

it('a list whose tests name their flaws has no problem', () => {
  expect(findProblems(good, read)).toEqual([])
})

it.each([
  ['a test that names another id', good, () => "it('CVE-2020-53001: …')"],
  ['a test file that is not there', good, () => undefined],
  ['no test file', { ...good, tests: {} }, read],
  ['a file that is no test', { ...good, tests: { 'CVE-2020-5300': 'a.ts' } }, read],
  ['a test of a flaw that is not applied', { ...good, tests: { ...good.tests, 'CVE-1': 'a.test.ts' } }, read],
  ['an id listed twice', { ...good, notYet: [{ id: 'CVE-2020-5300', why: 'x' }] }, read],
  ['no reason', { ...good, notYet: [{ id: 'CVE-2021-1', why: ' ' }] }, read],
] as const)('%s is a problem', (_, list, reads) => {
  expect(findProblems(list, reads)).toHaveLength(1)
})
