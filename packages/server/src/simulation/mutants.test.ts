/** The measure of the simulator: each rule left out, one at a time, is noticed. */
import { describe, expect, inject, it } from 'vitest'
import { mutants } from './mutants.ts'
import { loadPatched } from './patched.ts'
import { run } from './run.ts'
import type { Finding } from './world.ts'

const seedsMax = inject('isFull') ? 10_000 : 1_500

describe('the simulator notices', () => {
  it.each(mutants)('$name', { timeout: 1_200_000 }, async ({ patches, rules, seed: hint }) => {
    using patched = loadPatched(patches)
    // The seed that noticed it last time; another one where the code has changed since.
    let finding: Finding | undefined = await run(hint, patched.parts, rules)
    for (let seed = 1; seed <= seedsMax && finding === undefined; seed++)
      finding = await run(seed, patched.parts, rules)
    expect(finding).toBeDefined()
  })

  it('nothing when nothing is left out', async () => {
    using patched = loadPatched([])
    for (const seed of [...new Set(mutants.map((mutant) => mutant.seed))].slice(0, 20))
      expect(await run(seed, patched.parts)).toBeUndefined()
  })
})
