import { expect, it } from 'vitest'
import { costsOf } from './costs.ts'

const api = {
  maxStalenessSeconds: 300,
  tokenFormat: 'jwt',
  tokenTtlSeconds: 900,
  tokenTtlSecondsMax: 7_776_000,
} as const

it('the terms are those of the API: the life of its tokens, the bound that its verifiers may choose, the form of its tokens', () => {
  expect(costsOf('api_key', api)).toEqual({
    isLookedUp: true,
    isReadElsewhere: false,
    boundSeconds: 10,
    boundSecondsMax: 300,
    lifeSecondsMax: undefined,
  })
  expect(costsOf('client_credentials', api)).toMatchObject({ isLookedUp: false, isReadElsewhere: true })
  const lives = (['jwt_key', 'client_credentials', 'code', 'trusted_issuer'] as const).map(
    (each) => costsOf(each, api).lifeSecondsMax,
  )
  expect(lives).toEqual([7_776_000, 900, 900, 86_400])
  const strict = { ...api, maxStalenessSeconds: 3, tokenFormat: 'opaque' } as const
  expect(costsOf('code', strict)).toMatchObject({ isLookedUp: true, isReadElsewhere: false, boundSeconds: 3 })
  expect(costsOf('jwt_key', strict)).toMatchObject({ isLookedUp: false, isReadElsewhere: true })
})
