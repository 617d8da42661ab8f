import type { Api, Client } from '@countersign/store'
import { expect, it } from 'vitest'
import { judgeIssuable } from './issuing_gate.ts'
import { BehindError, type IssuingMoment } from './issuing_moment.ts'

const moment = { position: 7, takenAt: 100 } as IssuingMoment
const client = { status: 'active', access: { api_1: 'a' } } as unknown as Client
const api = { id: 'api_1', status: 'active', tokenTtlSeconds: 60, tokenTtlSecondsMax: 60 } as Api

it('an API made after the moment began makes the request begin again, before anything is used up', () => {
  expect(() => judgeIssuable({ moment, client, api: { ...api, createdSequence: 8 } })).toThrow(BehindError)
  expect(judgeIssuable({ moment, client, api: { ...api, createdSequence: 7 } })).toMatchObject({ scope: ['a'] })
})
