import { afterEach, expect, it } from 'vitest'
import { heldToken } from './held_token.ts'

const facts = (audience: string) => ({ audience, scope: 'a', endsAt: Date.now() + 300_000 })

afterEach(heldToken.forget)

it('a token is given for its own API, and for no other', () => {
  heldToken.hold(heldToken.begin(), 'the-token', facts('https://a.test'))
  expect([heldToken.textFor('https://a.test'), heldToken.textFor('https://b.test')]).toEqual(['the-token', ''])
})

it('a token that comes after everything was forgotten, or another was begun, is not held', () => {
  const left = heldToken.begin()
  heldToken.forget()
  heldToken.hold(left, 'late', facts('https://a.test'))
  expect(heldToken.textFor('https://a.test')).toBe('')
  const first = heldToken.begin()
  heldToken.hold(heldToken.begin(), 'second', facts('https://a.test'))
  heldToken.hold(first, 'late', facts('https://a.test'))
  expect(heldToken.textFor('https://a.test')).toBe('second')
})
