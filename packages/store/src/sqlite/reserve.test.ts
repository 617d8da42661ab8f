/** The room for a full disk. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Reserve } from './reserve.ts'

const bytes = 4 * 1024 * 1024

function openReserve(): Reserve {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-reserve-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return new Reserve(join(directory, 'countersign.db'), bytes)
}

describe('the reserve', () => {
  it('is whole when whoever asked for it is told so, while somebody else has it made', async () => {
    const reserve = openReserve()
    const first = reserve.tend()
    expect(reserve.state).toBe('making')
    await reserve.tend()
    expect(reserve.state).toBe('whole')
    await first
  })

  it('is made again once it was given up', async () => {
    const reserve = openReserve()
    await reserve.tend()
    reserve.giveUp()
    expect(reserve.state).toBe('given_up')
    await reserve.tend()
    expect(reserve.state).toBe('whole')
  })
})
