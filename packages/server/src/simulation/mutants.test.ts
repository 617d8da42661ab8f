/** The measure of the simulator: each rule left out, one at a time, is noticed within 10,000 runs. */
import { describe, expect, it } from 'vitest'
import { mutants } from './mutants.ts'
import { loadPatched } from './patched.ts'
import { type Finding, run } from './run.ts'

const seedsMax = 10_000

describe('the simulator notices', () => {
  it.each(mutants)('$name', { timeout: 300_000 }, async ({ patches, rules }) => {
    using patched = loadPatched(patches)
    let finding: Finding | undefined
    for (let seed = 1; seed <= seedsMax && finding === undefined; seed++)
      finding = await run(seed, patched.parts, rules)
    expect(finding).toBeDefined()
  })

  it('nothing when nothing is left out', async () => {
    using patched = loadPatched([])
    for (let seed = 1; seed <= 20; seed++) expect(await run(seed, patched.parts)).toBeUndefined()
  })
})
