import { expect, test } from 'vitest'
import { DocumentError, describeDocument } from './document.ts'

const small = JSON.stringify({ openapi: '3.1.0', paths: { '/a': { get: { security: [{ k: ['read'] }] } } } })

/** YAML whose reading takes long for its size, and no more than its share of memory. */
function largeYaml(paths: number): string {
  const lines = ['openapi: 3.1.0', 'info: {title: large, version: "1"}', 'paths:']
  for (let index = 0; index < paths; index++)
    lines.push(`  /p${index}:`, '    get:', '      security: [{k: [read]}]', `      operationId: op${index}`)
  return lines.join('\n')
}

test('a small document and a large one are read alike', async () => {
  expect((await describeDocument(small)).operations).toHaveLength(1)
  expect((await describeDocument(largeYaml(3_000))).operations).toHaveLength(3_000)
})

test('while a large document is read, everybody else is served', async () => {
  let longest = 0
  let last = performance.now()
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
  }, 5)
  const beganAt = performance.now()
  await describeDocument(largeYaml(12_000))
  const tookMs = performance.now() - beganAt
  clearInterval(timer)
  expect(longest).toBeLessThan(tookMs / 2)
})

test('what is no document says why and where, from either thread', async () => {
  await expect(describeDocument('{')).rejects.toThrow(DocumentError)
  await expect(describeDocument(`${largeYaml(3_000)}\n  - broken: [`)).rejects.toThrow(DocumentError)
  await expect(describeDocument('swagger: "1.0"')).rejects.toMatchObject({ name: 'DocumentError' })
})
