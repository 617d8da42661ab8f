import { expect, it } from 'vitest'
import { serverLimits } from '../limits.ts'
import { createIdempotencyRoom } from './idempotency_room.ts'

const now = 1_800_000_000
const flooder = { tenant: 'flooder', credential: 'key_1' }
const victim = { tenant: 'victim', credential: 'key_2' }

it('a credential that keeps an answer for every request leaves room for those of others, and has it again a day later', () => {
  const room = createIdempotencyRoom()
  let kept = 0
  while (room.take(flooder, now)) kept++
  expect(kept).toBe(serverLimits.idempotencyRecordsMax / 2)
  expect(room.take(victim, now)).toBe(true)
  expect(room.take(flooder, now + 86_400)).toBe(false)
  expect(room.take(flooder, now + 86_400 + 7_200)).toBe(true)
})
