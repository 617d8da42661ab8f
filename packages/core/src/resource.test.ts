import { expect, it } from 'vitest'
import { canonicalResource, isNamed } from './resource.ts'

it.each([
  ['https://a.test', 'https://a.test/'],
  ['https://a.test?x=/', 'https://a.test/?x=/'],
  ['http://[::1]:4801', 'http://[::1]:4801/'],
  ['https://a.test/', 'https://a.test/'],
  ['https://a.test/x', 'https://a.test/x'],
  ['https://a.test//', 'https://a.test//'],
  ['https://A.test:443', 'https://A.test:443/'],
  ['urn:a', 'urn:a'],
  ['urn:a://b', 'urn:a://b'],
])('%s is %s: a missing path alone is added', (uri, canonical) => {
  expect(canonicalResource(uri)).toBe(canonical)
})

it('an API is meant by its audience and its resources, and by nothing else', () => {
  const api = { audience: 'https://a.test', resources: ['urn:b', 'https://c.test/x'] }
  for (const name of ['https://a.test', 'https://a.test/', 'urn:b', 'https://c.test/x'])
    expect(isNamed(api, name), name).toBe(true)
  for (const name of ['', 'urn:B', 'https://c.test', 'https://c.test/x/', 'https://a.test/x'])
    expect(isNamed(api, name), name).toBe(false)
  expect(isNamed({ audience: 'urn:a' }, 'urn:b')).toBe(false)
})
