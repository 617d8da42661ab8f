import { expect, it } from 'vitest'
import { type FlawList, findProblems, titlesOf } from './check_flaws.ts'

const good: FlawList = {
  applied: ['CVE-2020-5300'],
  notYet: [{ id: 'CVE-2021-1', why: 'there are no cookies yet' }],
  tests: { 'CVE-2020-5300': 'a.test.ts' },
}
const ids = ['CVE-2020-5300', 'CVE-2021-1']
const read = (file: string) => (file === 'a.test.ts' ? "it('CVE-2020-5300: a jti is good once', () => {})" : undefined)

it('a list whose tests name their flaws has no problem', () => {
  expect(findProblems(good, ids, read)).toEqual([])
})

it.each([
  ['a test that names another id', good, () => "it('CVE-2020-53001: …', () => {})"],
  ['a test that names it in a comment only', good, () => "// CVE-2020-5300\nit('a jti is good once', () => {})"],
  ['a test that was commented out', good, () => "// it('CVE-2020-5300: …', () => {})"],
  ['a test that is skipped', good, () => "it.skip('CVE-2020-5300: …', () => {})"],
  ['an id in the body of a test', good, () => "it('a jti', () => {\n  expect(take('CVE-2020-5300')).toBe(true)\n})"],
  ['a test file that is not there', good, () => undefined],
  ['no test file', { ...good, tests: {} }, read],
  ['a file that is no test', { ...good, tests: { 'CVE-2020-5300': 'a.ts' } }, read],
  ['a test of a flaw that is not applied', { ...good, tests: { ...good.tests, 'CVE-1': 'a.test.ts' } }, read],
  ['an id listed twice', { ...good, notYet: [...good.notYet, { id: 'CVE-2020-5300', why: 'x' }] }, read],
  ['no reason', { ...good, notYet: [{ id: 'CVE-2021-1', why: ' ' }] }, read],
] as const)('%s is a problem', (_, list, reads) => {
  expect(findProblems(list, ids, reads)).toHaveLength(1)
})

it('an id that is in neither list is a problem, and one that nobody knows too', () => {
  expect(findProblems(good, [...ids, 'GHSA-1'], read)).toEqual(['GHSA-1 is neither applied nor not yet tried'])
  expect(findProblems(good, ['CVE-2020-5300'], read)).toEqual(['CVE-2021-1 is no flaw of conformance/flaw_ids.json'])
})

it('names are found however the test is written', () => {
  const source = `
    describe.each(cases)('of %s', () => {
      it('one: "quoted"', async () => {})
      it.each([
        ['a', 1],
      ])('two %s', (name) => {})
      test(
        'three',
        () => {},
      )
      it('four', { timeout: 5 }, () => {})
      it.each(Object.entries(parents))(\`five\`, async () => {})
      /* it('six', () => {}) */
    })`
  expect(titlesOf(source)).toEqual(['of %s', 'one: "quoted"', 'two %s', 'three', 'four', 'five'])
})
