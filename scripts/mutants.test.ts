import { describe, expect, it } from 'vitest'
import { findUnfitting } from './mutants.ts'

const mutant = { id: 'a', what: 'a rule', file: 'x.ts', find: 'if (late) return', replace: '', tests: ['x.test.ts'] }

describe('a mutant', () => {
  it('fits when its text stands in the file once', () => {
    expect(findUnfitting([mutant], () => 'one(); if (late) return; two()')).toEqual([])
  })

  it('whose text has gone, or stands there twice, is a problem', () => {
    expect(findUnfitting([mutant], () => '')).toEqual(['a: its text stands 0 times in x.ts, not once'])
    expect(findUnfitting([mutant], () => 'if (late) return if (late) return')).toHaveLength(1)
  })

  it('has an id of its own', () => {
    expect(findUnfitting([mutant, mutant], () => mutant.find)).toEqual(['a is listed twice'])
  })
})
