import { expect, test } from 'vitest'
import { serverLimits } from '../limits.ts'
import { DocumentError, describeDocument } from './document.ts'

const describe = async (text: string) => (await describeDocument(text, { tenant: 'a' })).description

const small = JSON.stringify({ openapi: '3.1.0', paths: { '/a': { get: { security: [{ k: ['read'] }] } } } })

/** YAML whose reading takes long for its size, and no more than its share of memory. */
function largeYaml(paths: number): string {
  const lines = ['openapi: 3.1.0', 'info: {title: large, version: "1"}', 'paths:']
  for (let index = 0; index < paths; index++)
    lines.push(`  /p${index}:`, '    get:', '      security: [{k: [read]}]', `      operationId: op${index}`)
  return lines.join('\n')
}

test('a small document and a large one are read alike', async () => {
  expect((await describe(small)).operations).toHaveLength(1)
  expect((await describe(largeYaml(3_000))).operations).toHaveLength(3_000)
})

test('a document of more than a few KiB is read in another thread', async () => {
  const text = largeYaml(6_000)
  const [all, own] = [process.cpuUsage(), process.threadCpuUsage()]
  await describe(text)
  const [allAfter, ownAfter] = [process.cpuUsage(all), process.threadCpuUsage(own)]
  expect(ownAfter.user + ownAfter.system).toBeLessThan((allAfter.user + allAfter.system) / 2)
})

test('twelve imports of one tenant at once: another tenant’s, one after the other, are read in between', async () => {
  const done: string[] = []
  const text = largeYaml(100)
  expect(text.length).toBeGreaterThan(serverLimits.documentInlineBytesMax)
  const read = (tenant: string) => describeDocument(text, { tenant }).then(() => done.push(tenant))
  const flood = Array.from({ length: 12 }, () => read('flooder'))
  for (let index = 0; index < 4; index++) await read('victim')
  expect(done.filter((tenant) => tenant === 'flooder').length).toBeLessThanOrEqual(8)
  await Promise.all(flood)
  expect(done).toHaveLength(16)
})

test('what is no document says why and where, from either thread', async () => {
  await expect(describe('{')).rejects.toThrow(DocumentError)
  await expect(describe(`${largeYaml(3_000)}\n  - broken: [`)).rejects.toThrow(DocumentError)
  await expect(describe('swagger: "1.0"')).rejects.toMatchObject({ name: 'DocumentError' })
})
